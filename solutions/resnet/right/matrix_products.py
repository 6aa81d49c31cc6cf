"""A linear layer is written out as `x @ W + b`, with inputs first in `W`."""

# %% task3_resnet
class ResNet(nn.Module):
    """ResNet (He et al. 2015, table 1).

    Args:
        block: class of the blocks, called as `block(in_channels, out_channels, stride)`.
        depths: number of blocks in each of the four stages; ResNet-18 has [2, 2, 2, 2].
        num_classes: number of classes K.
        width: channels of the stem.
        expansion: how many times wider the first stage is than the stem.

    Shape:
        (N, 3, H, W) -> logits (N, num_classes)
    """

    def __init__(self, block, depths, num_classes=1000, width=64, expansion=1):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        stages, channels = [], width
        for index, depth in enumerate(depths):
            out_channels = width * expansion * 2**index
            stages.append(make_stage(block, channels, out_channels, depth, stride=1 if index == 0 else 2))
            channels = out_channels
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.W = nn.Parameter(torch.randn(channels, num_classes) / channels**0.5)
        self.b = nn.Parameter(torch.zeros(num_classes))

    def forward(self, x):
        features = self.stages(self.stem(x))
        return self.pool(features).flatten(1) @ self.W + self.b
