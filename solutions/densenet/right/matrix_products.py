"""A linear layer is written out as `x @ W + b`, with inputs first in `W`."""

# %% task5_densenet
class DenseNet(nn.Module):
    """DenseNet-BC (Huang et al. 2017, table 1).

    Args:
        depths: number of layers in each dense block.
        num_classes: number of classes K.
        growth_rate: new maps of each layer.
        init_channels: maps after the first convolution.

    Shape:
        (N, 3, H, W) -> logits (N, num_classes)
    """

    def __init__(self, depths, num_classes=1000, growth_rate=32, init_channels=64):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, init_channels, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(init_channels),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.blocks = nn.Sequential()
        channels = init_channels
        for index, depth in enumerate(depths):
            if index > 0:
                self.blocks.append(Transition(channels, channels // 2))
                channels = channels // 2
            self.blocks.append(DenseBlock(channels, growth_rate, depth))
            channels = channels + depth * growth_rate
        self.bn = nn.BatchNorm2d(channels)
        self.W = nn.Parameter(torch.randn(channels, num_classes) / channels**0.5)
        self.b = nn.Parameter(torch.zeros(num_classes))

    def forward(self, x):
        maps = F.relu(self.bn(self.blocks(self.stem(x))))
        return maps.mean(dim=(2, 3)) @ self.W + self.b


def densenet121(num_classes=1000):
    """DenseNet-121: (N, 3, H, W) -> logits (N, num_classes)."""
    return DenseNet([6, 12, 24, 16], num_classes)


def count_weight_layers(depths):
    """Number of convolutions and linear layers of `DenseNet(depths)`; 121 for [6, 12, 24, 16]."""
    stem, transitions, classifier = 1, len(depths) - 1, 1
    return stem + 2 * sum(depths) + transitions + classifier
