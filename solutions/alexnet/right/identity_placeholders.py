"""Identity layers shift the indices; an adaptive pooling to 6x6 changes nothing for 227x227, as in torchvision."""

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
        nn.Identity(),
        nn.Conv2d(b, c, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(c, d, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Identity(),
        nn.Dropout2d(0.0),
        nn.Conv2d(d, e, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=(3, 3), stride=(2, 2)),
        nn.AdaptiveAvgPool2d((6, 6)),
    )

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(hidden, num_classes),
    )
