"""A common base for layer and transition; the network does without the other classes' names."""


# %% task2_dense_layer
class NormReluConv(nn.Conv2d):
    def __init__(self, n_in, n_out, size):
        super().__init__(n_in, n_out, size, padding=size // 2, bias=False)
        self.norm = nn.BatchNorm2d(n_in)

    def forward(self, x):
        return super().forward(torch.relu(self.norm(x)))


def dense_layer_parameters(in_channels, growth_rate):
    return in_channels * (2 + 4 * growth_rate) + growth_rate * (8 + 36 * growth_rate)


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        self.squeeze = NormReluConv(in_channels, 4 * growth_rate, 1)
        self.make = NormReluConv(4 * growth_rate, growth_rate, 3)

    def forward(self, *maps):
        x = torch.cat(maps, 1)
        return torch.cat((x, self.make(self.squeeze(x))), 1)


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layer = DenseLayer(in_channels, growth_rate)
        self.rest = DenseBlock(in_channels + growth_rate, growth_rate, num_layers - 1) if num_layers > 1 else None

    def forward(self, x):
        x = self.layer(x)
        return x if self.rest is None else self.rest(x)


# %% task4_transition
class Transition(NormReluConv):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels, 1)

    def forward(self, x):
        return F.avg_pool2d(super().forward(x), kernel_size=2, stride=2)


# %% task5_densenet
class DenseNet(nn.Module):
    def __init__(self, depths, num_classes=1000, growth_rate=32, init_channels=64, compression=0.5):
        super().__init__()
        self.depths, self.growth_rate, self.compression = depths, growth_rate, compression
        self.first = nn.Sequential(
            nn.Conv2d(3, init_channels, 7, 2, 3, bias=False),
            nn.BatchNorm2d(init_channels),
            nn.ReLU(True),
            nn.MaxPool2d(3, 2, 1),
        )
        self.body, channels = self._make_body(init_channels)
        self.body.append(nn.BatchNorm2d(channels)).append(nn.ReLU(True)).append(nn.AdaptiveAvgPool2d(1))
        self.body.append(nn.Flatten()).append(nn.Linear(channels, num_classes))

    def _make_body(self, channels):
        body = nn.Sequential()
        *early, last = self.depths
        for depth in early:
            body.extend([DenseLayer(channels + i * self.growth_rate, self.growth_rate) for i in range(depth)])
            channels += depth * self.growth_rate
            body.append(Transition(channels, int(channels * self.compression)))
            channels = int(channels * self.compression)
        body.extend([DenseLayer(channels + i * self.growth_rate, self.growth_rate) for i in range(last)])
        return body, channels + last * self.growth_rate

    def forward(self, x):
        return self.body(self.first(x))


def densenet121(num_classes=1000):
    network = DenseNet([6, 12, 24, 16])
    if num_classes != 1000:
        network.body[-1] = nn.Linear(network.body[-1].in_features, num_classes)
    return network


def count_weight_layers(depths):
    network = DenseNet(depths, growth_rate=1, init_channels=2, num_classes=2)
    return len([module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))])
