"""No dropout (mistake 50)."""
# loses: task4_classifier_dropout
# message: no dropout in train() mode

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, num_classes),
    )
