"""The maps lie in an unusual order: the block's input, then the new maps from the newest to the oldest."""


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.ModuleList(
            [DenseLayer(n, growth_rate) for n in channels_along_block(in_channels, growth_rate, num_layers)[:-1]]
        )

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps.insert(1, layer(torch.cat(maps, dim=1)))
        return torch.cat(maps, dim=1)
