"""The last three convolutions have no bias, although no BatchNorm follows."""
# loses: task2_make_features_function, task2_make_features_gradients
# message: have no

# %% task2_make_features
def make_features(channels):
    a, b, c, d, e = channels
    return nn.Sequential(
        nn.Conv2d(3, a, 11, 4),
        nn.BatchNorm2d(a),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(a, b, 5, 1, 2),
        nn.BatchNorm2d(b),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(b, c, 3, 1, 1, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(c, d, 3, 1, 1, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(d, e, 3, 1, 1, bias=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
    )
