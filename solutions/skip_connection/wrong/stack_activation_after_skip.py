"""Tanh comes after the addition."""
# loses: task7_make_stack_function
# message: Tanh follows the addition

# %% task7_make_stack
def make_stack(depth, channels, skip=False):
    layers = []
    for _ in range(depth):
        conv = nn.Conv2d(channels, channels, 3, padding=1)
        layers += [Skip(conv) if skip else conv, nn.Tanh()]
    return nn.Sequential(*layers)
