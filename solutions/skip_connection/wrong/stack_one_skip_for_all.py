"""One skip goes around the whole stack."""
# loses: task7_make_stack_function
# message: one skip around the whole stack

# %% task7_make_stack
def make_stack(depth, channels, skip=False):
    layers = []
    for _ in range(depth):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.Tanh()]
    net = nn.Sequential(*layers)
    return Skip(net) if skip else net
