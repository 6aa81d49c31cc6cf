"""The head is frozen together with the body."""
# loses: task7_freeze_step
# message: Nothing learns

# %% task7_freeze
def freeze(net):
    return net.requires_grad_(False)


def unfreeze(net):
    return net.requires_grad_(True)
