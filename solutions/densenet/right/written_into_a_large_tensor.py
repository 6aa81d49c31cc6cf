"""The block fills a tensor that is as large as its output, instead of concatenating."""


# %% task1_concatenate
def concatenate(old, new):
    batch, old_channels, height, width = old.shape
    joined = torch.empty(batch, old_channels + new.size(1), height, width)
    joined[:, :old_channels] = old
    joined[:, old_channels:] = new
    return joined


def channels_along_block(in_channels, growth_rate, num_layers):
    return list(range(in_channels, in_channels + growth_rate * num_layers + 1, growth_rate))


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        for i in range(num_layers):
            self.add_module(str(i), DenseLayer(in_channels + i * growth_rate, growth_rate))

    def forward(self, x):
        for layer in self.children():
            x = concatenate(x, layer(x))
        return x
