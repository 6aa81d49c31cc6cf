"""BatchNorm as asked, and the LocalResponseNorm of 2012 behind the first ReLU besides."""
# loses: task2_make_features_function, task2_make_features_gradients
# message: There is a LocalResponseNorm

# %% task2_make_features
def make_features(channels):
    a, b, c, d, e = channels
    return nn.Sequential(
        nn.Conv2d(3, a, 11, 4),
        nn.BatchNorm2d(a),
        nn.ReLU(),
        nn.LocalResponseNorm(5),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(a, b, 5, 1, 2),
        nn.BatchNorm2d(b),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(b, c, 3, 1, 1),
        nn.ReLU(),
        nn.Conv2d(c, d, 3, 1, 1),
        nn.ReLU(),
        nn.Conv2d(d, e, 3, 1, 1),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
    )
