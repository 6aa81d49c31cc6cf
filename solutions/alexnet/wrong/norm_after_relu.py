"""BatchNorm stands after ReLU, where the paper had its normalisation."""
# loses: task2_make_features_function, task2_make_features_gradients
# message: BatchNorm stands after ReLU

# %% task2_make_features
def make_features(channels):
    a, b, c, d, e = channels
    return nn.Sequential(
        nn.Conv2d(3, a, 11, 4),
        nn.ReLU(),
        nn.BatchNorm2d(a),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(a, b, 5, 1, 2),
        nn.ReLU(),
        nn.BatchNorm2d(b),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(b, c, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(c, d, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(d, e, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
    )
