"""Layers read the newest maps first, the block's output has the oldest first."""


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = nn.ModuleList([])
        channels = in_channels
        for _ in range(num_layers):
            self.layers.append(DenseLayer(channels, growth_rate))
            channels += growth_rate

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps = [layer(torch.cat(maps, dim=1)), *maps]
        return torch.cat(maps[::-1], dim=1)
