"""The argument skip is ignored (mistake 15)."""
# loses: task7_make_stack_function
# message: There are no skips

# %% task7_make_stack
def make_stack(depth, channels, skip=False):
    return nn.Sequential(
        *[nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.Tanh()) for _ in range(depth)]
    )
