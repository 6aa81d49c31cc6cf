"""Each layer reads the new maps of the one before it only."""
# loses: task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: Every layer reads the new maps of the one before it only


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        widths = [in_channels] + [growth_rate] * (num_layers - 1)
        self.layers = nn.ModuleList(DenseLayer(width, growth_rate) for width in widths)

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps.append(layer(maps[-1]))
        return torch.cat(maps, 1)
