"""Dropout with probability 0.9: chance is large where little is left."""
# loses: task4_classifier_dropout
# message: The places are right, the probability is not

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    """The three linear layers at the end of VGG.

    Args:
        in_features: numbers that come from the last block.
        hidden: width of the two layers between.
        num_classes: number of classes K.

    Returns:
        nn.Module: (N, in_features) -> logits (N, num_classes)
    """
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(p=0.9),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(p=0.9),
        nn.Linear(hidden, num_classes),
    )
