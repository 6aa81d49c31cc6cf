"""Only the body is frozen and unfrozen; the head always learns."""

# %% task7_freeze
def freeze(net):
    for parameter in net.features.parameters():
        parameter.requires_grad_(False)
    return net


def unfreeze(net):
    net.features.requires_grad_()
    return net
