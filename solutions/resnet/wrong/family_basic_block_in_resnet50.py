"""ResNet-50 is made of BasicBlock."""
# loses: task5_make_resnet_bottleneck
# message: resnet50: The module has

# %% task5_make_resnet
def make_resnet(name, num_classes=1000, width=64):
    table = {
        "resnet18": (BasicBlock, [2, 2, 2, 2], 1),
        "resnet34": (BasicBlock, [3, 4, 6, 3], 1),
        "resnet50": (BasicBlock, [3, 4, 6, 3], 1),
        "resnet101": (Bottleneck, [3, 4, 23, 3], 4),
        "resnet152": (Bottleneck, [3, 8, 36, 3], 4),
    }
    block, depths, expansion = table[name]
    return ResNet(block, depths, num_classes, width, expansion)
