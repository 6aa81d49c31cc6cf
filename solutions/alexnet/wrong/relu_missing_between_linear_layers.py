"""No ReLU between the linear layers (mistake 46)."""
# loses: task3_make_classifier_function
# message: no ReLU between the linear layers

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.Dropout(),
        nn.Linear(hidden, hidden),
        nn.Dropout(),
        nn.Linear(hidden, num_classes),
    )
