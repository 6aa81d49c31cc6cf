"""Softmax at the end while the loss applies it again (mistake 24)."""
# loses: task4_classifier_function, task4_classifier_dropout
# message: softmax at the end

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    layers = []
    for width in (in_features, hidden):
        layers += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(hidden, num_classes), nn.Softmax(dim=1))
