"""Dropout with probability 0.3."""
# loses: task4_classifier_dropout
# message: The places are right, the probability is not

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    layers = []
    for width in (in_features, hidden):
        layers += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(0.3)]
    return nn.Sequential(*layers, nn.Linear(hidden, num_classes))
