"""ReLU after the last linear layer."""
# loses: task3_make_classifier_function
# message: There is a ReLU after the last linear layer

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(hidden, num_classes),
        nn.ReLU(),
    )
