"""A 1x1 convolution is a linear layer over the channels of each pixel."""

# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    width = 4 * growth_rate
    return 2 * in_channels + 2 * width + in_channels * width + 9 * width * growth_rate


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        width = 4 * growth_rate
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.mix = nn.Linear(in_channels, width, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)

    def forward(self, x):
        x = F.relu(self.bn1(x)).permute(0, 2, 3, 1)
        x = self.mix(x).permute(0, 3, 1, 2)
        return self.conv(F.relu(self.bn2(x)))

# %% task4_transition
class Transition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.mix = nn.Linear(in_channels, out_channels, bias=False)

    def forward(self, x):
        x = self.mix(F.relu(self.bn(x)).permute(0, 2, 3, 1))
        return F.avg_pool2d(x.permute(0, 3, 1, 2), 2)
