"""LocalResponseNorm as in 2012 instead of BatchNorm."""
# loses: task2_make_features_function, task2_make_features_gradients
# message: LocalResponseNorm is used

# %% task2_make_features
def make_features(channels):
    a, b, c, d, e = channels
    return nn.Sequential(
        nn.Conv2d(3, a, 11, 4),
        nn.ReLU(),
        nn.LocalResponseNorm(5, k=2),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(a, b, 5, 1, 2),
        nn.ReLU(),
        nn.LocalResponseNorm(5, k=2),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(b, c, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(c, d, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(d, e, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
    )
