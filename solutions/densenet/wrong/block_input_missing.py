"""The block returns new maps only (mistake 34)."""
# loses: task3_dense_block_shape, task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: expected: (2, 18, 9, 9)


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(num_layers))

    def forward(self, x):
        new = []
        for layer in self.layers:
            new.append(layer(torch.cat([x, *new], 1)))
        return torch.cat(new, 1)
