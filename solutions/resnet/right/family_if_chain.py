"""Names are compared one after another; arguments go by name."""

# %% task5_make_resnet
def make_resnet(name, num_classes=1000, width=64):
    if name == "resnet18":
        depths = (2, 2, 2, 2)
    elif name == "resnet34" or name == "resnet50":
        depths = (3, 4, 6, 3)
    elif name == "resnet101":
        depths = (3, 4, 23, 3)
    elif name == "resnet152":
        depths = (3, 8, 36, 3)
    else:
        raise ValueError(f"unknown network {name}")
    layers = int(name.removeprefix("resnet"))
    if layers < 50:
        return ResNet(BasicBlock, depths, num_classes=num_classes, width=width)
    return ResNet(Bottleneck, depths, num_classes=num_classes, width=width, expansion=4)
