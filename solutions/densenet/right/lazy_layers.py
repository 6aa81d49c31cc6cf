"""Lazy layers learn their numbers of input channels from the first batch."""


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    bottleneck = growth_rate * 4
    return sum([2 * in_channels, in_channels * bottleneck, 2 * bottleneck, 9 * bottleneck * growth_rate])


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.LazyConv2d(4 * growth_rate, kernel_size=1),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.LazyConv2d(growth_rate, kernel_size=3, padding=1),
        )

    def forward(self, x):
        return self.net(x)


# %% task4_transition
class Transition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyBatchNorm2d(), nn.ReLU(), nn.LazyConv2d(out_channels, kernel_size=1), nn.AvgPool2d(2, 2)
        )

    def forward(self, x):
        return self.net(x)
