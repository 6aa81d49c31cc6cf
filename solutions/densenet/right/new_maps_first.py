"""New maps go to the front, in the layer and so everywhere; the network keeps one attribute per part."""


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    first = in_channels * 2 + in_channels * 4 * growth_rate
    return first + 4 * growth_rate * 2 + 4 * growth_rate * growth_rate * 9


class DenseLayer(nn.Module):
    def __init__(self, in_planes, growth_rate):
        super(DenseLayer, self).__init__()
        self.bn1 = nn.BatchNorm2d(in_planes)
        self.conv1 = nn.Conv2d(in_planes, 4 * growth_rate, kernel_size=1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth_rate)
        self.conv2 = nn.Conv2d(4 * growth_rate, growth_rate, kernel_size=3, padding=1, bias=False)

    def forward(self, x):
        out = self.conv1(F.relu(self.bn1(x)))
        out = self.conv2(F.relu(self.bn2(out)))
        out = torch.cat([out, x], 1)
        return out


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_planes, growth_rate, nblock):
        super().__init__()
        layers = []
        for _ in range(nblock):
            layers.append(DenseLayer(in_planes, growth_rate))
            in_planes += growth_rate
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


# %% task5_densenet
class DenseNet(nn.Module):
    def __init__(self, depths, num_classes=1000, growth_rate=32, init_channels=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, init_channels, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(init_channels)
        channels = init_channels
        for i, depth in enumerate(depths):
            setattr(self, f"dense{i}", DenseBlock(channels, growth_rate, depth))
            channels += depth * growth_rate
            if i != len(depths) - 1:
                setattr(self, f"trans{i}", Transition(channels, int(channels * 0.5)))
                channels = int(channels * 0.5)
        self.last = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, num_classes)
        self.number = len(depths)

    def forward(self, x):
        out = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for i in range(self.number):
            out = getattr(self, f"dense{i}")(out)
            if i < self.number - 1:
                out = getattr(self, f"trans{i}")(out)
        out = F.relu(self.last(out))
        out = F.adaptive_avg_pool2d(out, (1, 1))
        return self.linear(torch.flatten(out, 1))


def densenet121(num_classes=1000):
    return DenseNet(depths=(6, 12, 24, 16), growth_rate=32, init_channels=64, num_classes=num_classes)


def count_weight_layers(depths):
    total = 2
    for depth in depths:
        total += 2 * depth + 1
    return total - 1
