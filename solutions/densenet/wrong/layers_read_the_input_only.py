"""Each layer reads the block's input only."""
# loses: task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: Every layer reads the block's input only


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(in_channels, growth_rate) for _ in range(num_layers))

    def forward(self, x):
        return torch.cat([x] + [layer(x) for layer in self.layers], 1)
