"""All convolutions are declared before all norms, one ReLU serves everywhere."""


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    conv = in_channels * (4 * growth_rate) + (4 * growth_rate) * growth_rate * 3**2
    norm = 2 * (in_channels + 4 * growth_rate)
    return conv + norm


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        inner = 4 * growth_rate
        self.convs = nn.ModuleList(
            [nn.Conv2d(inner, growth_rate, 3, padding="same", bias=False), nn.Conv2d(in_channels, inner, 1, bias=False)]
        )
        self.norms = nn.ModuleList([nn.BatchNorm2d(inner), nn.BatchNorm2d(in_channels)])
        self.act = nn.ReLU()

    def forward(self, x):
        out = x
        for conv, norm in zip(reversed(self.convs), reversed(self.norms)):
            out = conv(self.act(norm(out)))
        return out


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        channels = [in_channels + growth_rate * i for i in reversed(range(num_layers))]
        self.last_to_first = nn.ModuleList([DenseLayer(n, growth_rate) for n in channels])

    def forward(self, x):
        out = x
        for layer in list(self.last_to_first)[::-1]:
            out = torch.hstack((out, layer(out)))
        return out


# %% task5_densenet
class DenseNet(nn.Module):
    def __init__(self, depths, num_classes=1000, growth_rate=32, init_channels=64):
        super().__init__()
        widths = [init_channels]
        for depth in depths:
            widths.append((widths[-1] + depth * growth_rate) // 2)
        self.classifier = nn.Linear(2 * widths[-1] + (widths[-2] + depths[-1] * growth_rate) % 2, num_classes)
        self.last_norm = nn.BatchNorm2d(self.classifier.in_features)
        self.transitions = nn.ModuleList(
            [Transition(n + d * growth_rate, m) for n, m, d in zip(widths, widths[1:-1], depths)]
        )
        self.blocks = nn.ModuleList([DenseBlock(n, growth_rate, d) for n, d in zip(widths, depths)])
        self.norm = nn.BatchNorm2d(init_channels)
        self.conv = nn.Conv2d(3, init_channels, 7, 2, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        x = F.max_pool2d(self.act(self.norm(self.conv(x))), kernel_size=3, stride=2, padding=1)
        x = self.blocks[0](x)
        for transition, block in zip(self.transitions, self.blocks[1:]):
            x = block(transition(x))
        x = self.act(self.last_norm(x))
        return self.classifier(x.flatten(2).mean(-1))


def densenet121(num_classes=1000):
    return DenseNet([6, 12, 24, 16], num_classes=num_classes)


def count_weight_layers(depths):
    return len(depths) + 1 + 2 * sum(depths)
