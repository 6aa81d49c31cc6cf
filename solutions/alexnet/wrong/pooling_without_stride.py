"""MaxPool2d(3) without a stride: the stride is 3 everywhere."""
# loses: task2_make_features_shape, task2_make_features_function, task2_make_features_gradients
# message: write `nn.MaxPool2d(3, stride=2)`

# %% task2_make_features
def make_features(channels):
    a, b, c, d, e = channels
    return nn.Sequential(
        nn.Conv2d(3, a, 11, 4),
        nn.BatchNorm2d(a),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3),
        nn.Conv2d(a, b, 5, 1, 2),
        nn.BatchNorm2d(b),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3),
        nn.Conv2d(b, c, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(c, d, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(d, e, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3),
    )
