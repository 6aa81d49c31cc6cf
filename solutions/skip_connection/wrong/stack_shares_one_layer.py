"""One layer object is repeated: shared weights (cf. mistake 40)."""
# loses: task7_make_stack_function
# message: parameters

# %% task7_make_stack
def make_stack(depth, channels, skip=False):
    layer = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.Tanh())
    if skip:
        layer = Skip(layer)
    return nn.Sequential(*[layer] * depth)
