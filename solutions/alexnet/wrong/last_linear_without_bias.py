"""The last linear layer has no bias."""
# loses: task3_make_classifier_function
# message: have no

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    """The linear part of AlexNet.

    Args:
        in_features: numbers per example in the input.
        hidden: numbers per example after the first and after the second linear layer.
        num_classes: number of classes K.

    Returns:
        nn.Module: (N, in_features) -> logits (N, num_classes)
    """
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(hidden, num_classes, bias=False),
    )
