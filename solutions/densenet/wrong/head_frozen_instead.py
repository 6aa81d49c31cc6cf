"""The head is frozen, and the body learns."""
# loses: task7_freeze_step
# message: the other way round

# %% task7_freeze
def freeze(net):
    net.classifier.requires_grad_(False)
    return net


def unfreeze(net):
    return net.requires_grad_(True)
