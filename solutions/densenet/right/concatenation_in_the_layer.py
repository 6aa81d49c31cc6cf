"""The layer returns its input together with the new maps, and the block is a plain row."""


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    return 2 * in_channels + 4 * in_channels * growth_rate + 8 * growth_rate + 36 * growth_rate**2


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate, bn_size=4, drop_rate=0.0):
        super().__init__()
        self.branch = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels, bn_size * growth_rate, kernel_size=1, bias=False),
            nn.BatchNorm2d(bn_size * growth_rate),
            nn.ReLU(inplace=True),
            nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, padding=1, bias=False),
            nn.Dropout(drop_rate),
        )

    def forward(self, x):
        return torch.cat([x, self.branch(x)], dim=1)


# %% task3_dense_block
class DenseBlock(nn.Sequential):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__(*(DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(num_layers)))
