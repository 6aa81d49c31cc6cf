"""The order of ResNet: convolution, BatchNorm, ReLU (mistake 30)."""
# loses: task2_dense_layer_function, task2_dense_layer_gradients, task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: The convolution comes before its BatchNorm


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    width = 4 * growth_rate
    return 2 * in_channels + 2 * width + in_channels * width + 9 * width * growth_rate


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        width = 4 * growth_rate
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(growth_rate)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        return torch.cat([out, x], 1)


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.Sequential(
            *[DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(num_layers)]
        )

    def forward(self, x):
        return self.layers(x)
