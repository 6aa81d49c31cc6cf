"""A subclass of ResNet for bottlenecks; the depth of the third stage follows from the number in the name."""

# %% task5_make_resnet
class DeepResNet(ResNet):
    def __init__(self, depths, **options):
        super().__init__(Bottleneck, depths, expansion=4, **options)


def make_resnet(name, num_classes=1000, width=64):
    number = int("".join(c for c in name if c.isdigit()))
    options = dict(num_classes=num_classes, width=width)
    if number == 18:
        return ResNet(BasicBlock, [2] * 4, **options)
    if number == 34:
        return ResNet(BasicBlock, [3, 4, 6, 3], **options)
    second = 8 if number == 152 else 4
    third = (number - 2) // 3 - 3 - second - 3
    return DeepResNet([3, second, third, 3], **options)
