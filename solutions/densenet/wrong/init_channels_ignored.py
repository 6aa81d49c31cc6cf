"""The stem has twice as many maps as the growth rate, whatever `init_channels` says."""
# loses: task5_densenet_function, task5_densenet_shape
# message: The module has

# %% task5_densenet
class DenseNet(nn.Module):
    def __init__(self, depths, num_classes=1000, growth_rate=32, init_channels=64):
        super().__init__()
        channels = 2 * growth_rate
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.blocks = nn.Sequential()
        for index, depth in enumerate(depths):
            if index > 0:
                self.blocks.append(Transition(channels, channels // 2))
                channels = channels // 2
            self.blocks.append(DenseBlock(channels, growth_rate, depth))
            channels = channels + depth * growth_rate
        self.bn = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x):
        maps = F.relu(self.bn(self.blocks(self.stem(x))))
        return self.classifier(maps.mean(dim=(2, 3)))


def densenet121(num_classes=1000):
    return DenseNet([6, 12, 24, 16], num_classes)


def count_weight_layers(depths):
    return 1 + 2 * sum(depths) + len(depths) - 1 + 1
