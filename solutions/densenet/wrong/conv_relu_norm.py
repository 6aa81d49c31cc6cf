"""Convolution, ReLU, BatchNorm instead of BatchNorm, ReLU, convolution (mistake 30)."""
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
        x = self.bn1(F.relu(self.conv1(x)))
        return self.bn2(F.relu(self.conv2(x)))
