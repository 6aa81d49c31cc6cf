"""No BatchNorm and no ReLU after the last block (mistake 37)."""
# loses: task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: There is no BatchNorm and no ReLU after the last block


# %% task5_densenet
class DenseNet(nn.Module):
    def __init__(self, depths, num_classes=1000, growth_rate=32, init_channels=64):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, init_channels, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(init_channels),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        blocks, channels = [], init_channels
        for i, depth in enumerate(depths):
            blocks.append(DenseBlock(channels, growth_rate, depth))
            channels += depth * growth_rate
            if i < len(depths) - 1:
                blocks.append(Transition(channels, channels // 2))
                channels //= 2
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        return self.classifier(x.mean((2, 3)))


def densenet121(num_classes=1000):
    return DenseNet([6, 12, 24, 16], num_classes)


def count_weight_layers(depths):
    return 1 + 2 * sum(depths) + len(depths) - 1 + 1
