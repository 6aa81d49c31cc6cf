"""One linear layer is missing."""
# loses: task3_make_classifier_function, task3_make_classifier_dropout
# message: missing: linear

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, num_classes)
    )
