"""One 3x3 convolution, no bottleneck: the formula says so too."""
# loses: task2_parameters_by_hand, task2_dense_layer_function, task2_dense_layer_gradients, task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: The 1x1 convolution is missing


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    return 2 * in_channels + 9 * in_channels * growth_rate


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, growth_rate, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv(F.relu(self.bn(x)))], 1)


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.Sequential(
            *[DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(num_layers)]
        )

    def forward(self, x):
        return self.layers(x)
