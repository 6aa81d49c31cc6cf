"""The bottleneck is growth_rate wide, without the factor 4."""
# loses: task2_dense_layer_function, task2_dense_layer_gradients, task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: gives growth_rate maps


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    width = 4 * growth_rate
    return 2 * in_channels + 2 * width + in_channels * width + 9 * width * growth_rate


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        width = growth_rate
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)

    def forward(self, x):
        x = self.conv1(F.relu(self.bn1(x)))
        return self.conv2(F.relu(self.bn2(x)))
