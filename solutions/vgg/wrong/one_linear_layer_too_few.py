"""Two linear layers in place of three."""
# loses: task4_classifier_function, task4_classifier_dropout
# message: missing: linear

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(hidden, num_classes),
    )
