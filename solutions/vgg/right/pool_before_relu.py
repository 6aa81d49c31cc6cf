"""The pooling stands before the last ReLU, one ReLU serves all places: the same function."""

# %% task2_vgg_block
class Conv3x3(nn.Conv2d):
    def __init__(self, n_in, n_out):
        super().__init__(n_in, n_out, 3, padding=1)


class Block(nn.Module):
    def __init__(self, depth, n_in, n_out, batch_norm):
        super().__init__()
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.rest = nn.ModuleList([Conv3x3(n_out, n_out) for _ in range(depth - 1)])
        self.first = Conv3x3(n_in, n_out)
        self.norms = nn.ModuleList([nn.BatchNorm2d(n_out) if batch_norm else nn.Identity() for _ in range(depth)])

    def forward(self, x):
        x = self.norms[0](self.first(x))
        for conv, norm in zip(self.rest, self.norms[1:]):
            x = norm(conv(self.relu(x)))
        return self.relu(self.pool(x))


def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    return Block(depth, in_channels, out_channels, batch_norm)
