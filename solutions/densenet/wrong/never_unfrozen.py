"""Unfreezing reaches the head only, which has never been frozen."""
# loses: task7_freeze_step
# message: still frozen

# %% task7_freeze
def freeze(net):
    net.features.requires_grad_(False)
    return net


def unfreeze(net):
    net.classifier.requires_grad_(True)
    return net
