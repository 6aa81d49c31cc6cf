"""Both blocks inherit from one class that adds; the pieces come from a function."""

# %% task1_basic_block
def conv_bn(n_in, n_out, size, stride=1):
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, size, stride=stride, padding=(size - 1) // 2, bias=False), nn.BatchNorm2d(n_out)
    )


class ResidualBase(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.branch = self.make_branch(in_channels, out_channels, stride)
        self.needs_projection = stride != 1 or in_channels != out_channels
        if self.needs_projection:
            self.projection = conv_bn(in_channels, out_channels, 1, stride)

    def forward(self, x):
        wire = self.projection(x) if self.needs_projection else x
        return F.relu(wire + self.branch(x))


class BasicBlock(ResidualBase):
    def make_branch(self, n_in, n_out, stride):
        return nn.Sequential(conv_bn(n_in, n_out, 3, stride), nn.ReLU(), conv_bn(n_out, n_out, 3))


# %% task4_bottleneck
class Bottleneck(ResidualBase):
    def make_branch(self, n_in, n_out, stride):
        mid = n_out // 4
        return nn.Sequential(
            conv_bn(n_in, mid, 1), nn.ReLU(), conv_bn(mid, mid, 3, stride), nn.ReLU(), conv_bn(mid, n_out, 1)
        )
