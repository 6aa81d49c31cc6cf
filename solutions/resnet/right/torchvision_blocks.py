"""Blocks of torchvision in clothes of our own."""

# %% task1_basic_block
from torchvision.models import resnet as tv


def projection(in_channels, out_channels, stride):
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(tv.conv1x1(in_channels, out_channels, stride), nn.BatchNorm2d(out_channels))


class BasicBlock(tv.BasicBlock):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride, projection(in_channels, out_channels, stride))


# %% task4_bottleneck
class Bottleneck(tv.Bottleneck):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels // 4, stride, projection(in_channels, out_channels, stride))
