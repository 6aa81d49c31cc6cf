"""Dropout in place overwrites the output of ReLU, which the backward pass needs."""
# loses: task3_make_classifier_dropout
# message: An in-place operation

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(0.5, inplace=True),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(0.5, inplace=True),
        nn.Linear(hidden, num_classes),
    )
