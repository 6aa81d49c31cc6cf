"""The old maps are concatenated without their gradient."""
# loses: task2_dense_layer_gradients, task3_dense_block_gradients, task5_densenet_function
# message: A path is cut for the gradient


# %% task2_dense_layer
def dense_layer_parameters(in_channels, growth_rate):
    width = 4 * growth_rate
    return 2 * in_channels + 2 * width + in_channels * width + 9 * width * growth_rate


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth_rate):
        super().__init__()
        width = 4 * growth_rate
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)

    def forward(self, x):
        new = self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))
        return torch.cat([x.detach(), new], 1)


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.Sequential(
            *[DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(num_layers)]
        )

    def forward(self, x):
        return self.layers(x)
