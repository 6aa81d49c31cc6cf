"""No ReLU between the linear layers (mistake 46)."""
# loses: task4_classifier_function
# message: three of them in a row are no more than one

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.Dropout(0.5),
        nn.Linear(hidden, hidden),
        nn.Dropout(0.5),
        nn.Linear(hidden, num_classes),
    )
