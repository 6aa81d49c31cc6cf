"""BatchNorm stands after the last ReLU too."""
# loses: task2_make_features_function, task2_make_features_gradients
# message: superfluous: BatchNorm

# %% task2_make_features
def make_features(channels):
    """The convolutional part of AlexNet (Krizhevsky et al. 2012, section 3).

    Args:
        channels: number of maps after each of the five convolutions.

    Returns:
        nn.Module: images (N, 3, 227, 227) -> maps (N, channels[4], 6, 6)
    """
    first, second, third, fourth, fifth = channels
    return nn.Sequential(
        nn.Conv2d(3, first, 11, stride=4),
        nn.BatchNorm2d(first),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(first, second, 5, padding=2),
        nn.BatchNorm2d(second),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(second, third, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(third, fourth, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(fourth, fifth, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(fifth),
        nn.MaxPool2d(3, stride=2),
    )
