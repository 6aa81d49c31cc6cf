"""F.conv2d with weights and biases in two ParameterLists."""

# %% task2_vgg_block
class Block(nn.Module):
    def __init__(self, depth, in_channels, out_channels, batch_norm):
        super().__init__()
        widths = [in_channels] + [out_channels] * depth
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(after, before, 3, 3) * (2 / (9 * before)) ** 0.5)
            for before, after in zip(widths, widths[1:])
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(out_channels)) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity() for _ in range(depth))

    def forward(self, x):
        for weight, bias, norm in zip(self.weights, self.biases, self.norms):
            x = F.relu(norm(F.conv2d(x, weight, bias, padding=1)))
        return F.max_pool2d(x, 2)


def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    return Block(depth, in_channels, out_channels, batch_norm)
