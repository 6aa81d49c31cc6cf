"""Only the first convolution is frozen."""
# loses: task7_freeze_step
# message: Only the first convolution

# %% task7_freeze
def freeze(net):
    net.features[0].requires_grad_(False)
    return net


def unfreeze(net):
    return net.requires_grad_(True)
