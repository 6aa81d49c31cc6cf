"""The growth is added twice in the loop: crash at the third layer (mistake 32)."""
# loses: task3_dense_block_shape, task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet121
# message: BatchNorm was built for


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.ModuleList()
        for i in range(num_layers):
            self.layers.append(DenseLayer(in_channels + i * growth_rate, growth_rate))
            in_channels = in_channels + i * growth_rate

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x
