"""The first convolution has padding 5, as if the picture kept its size (mistake 49)."""
# loses: task2_make_features_function, task2_make_features_gradients
# message: The first convolution has padding=5

# %% task2_make_features
def make_features(channels):
    a, b, c, d, e = channels
    return nn.Sequential(
        nn.Conv2d(3, a, 11, 4, 5),
        nn.BatchNorm2d(a),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(a, b, 5, 1, 2),
        nn.BatchNorm2d(b),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(b, c, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(c, d, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(d, e, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
    )
