"""Pooling before ReLU, and dropout before ReLU: the same functions."""

# %% task2_make_features
def make_features(channels):
    layers, previous = nn.Sequential(), 3
    for index, (width, kernel) in enumerate(zip(channels, [11, 5, 3, 3, 3])):
        layers.append(nn.Conv2d(previous, width, kernel, 4 if index == 0 else 1, 0 if index == 0 else kernel // 2))
        if index < 2:
            layers.extend([nn.BatchNorm2d(width), nn.MaxPool2d(3, 2), nn.ReLU()])
        elif index < 4:
            layers.append(nn.ReLU())
        else:
            layers.append(nn.MaxPool2d(3, 2))
            layers.append(nn.ReLU())
        previous = width
    return layers

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.Dropout(p=0.5),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.Dropout(p=0.5),
        nn.ReLU(),
        nn.Linear(hidden, num_classes),
    )
