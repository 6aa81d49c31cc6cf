"""Dropout in place overwrites the output of ReLU, which the backward pass needs."""
# loses: task4_classifier_dropout
# message: An in-place operation

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(0.5, inplace=True),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(0.5, inplace=True),
        nn.Linear(hidden, num_classes),
    )
