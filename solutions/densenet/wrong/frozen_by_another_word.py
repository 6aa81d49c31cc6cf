"""A misspelt attribute: PyTorch does not look at it."""
# loses: task7_freeze_step
# message: is not frozen

# %% task7_freeze
def freeze(net):
    for parameter in net.features.parameters():
        parameter.require_grad = False
    return net


def unfreeze(net):
    return net.requires_grad_(True)
