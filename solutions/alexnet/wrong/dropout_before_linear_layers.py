"""Dropout before the first two linear layers, as in torchvision."""
# loses: task3_make_classifier_dropout
# message: There is dropout before the first linear layer

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Dropout(0.5),
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, num_classes),
    )
