"""F.conv2d with parameters of the block's own; BatchNorm and the rest as usual."""

# %% task1_basic_block
def kernel(out_channels, in_channels, side):
    weight = nn.Parameter(torch.empty(out_channels, in_channels, side, side))
    nn.init.kaiming_normal_(weight)
    return weight


class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.stride = stride
        self.w1 = kernel(out_channels, in_channels, 3)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.w2 = kernel(out_channels, out_channels, 3)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.w3 = None
        if stride != 1 or in_channels != out_channels:
            self.w3 = kernel(out_channels, in_channels, 1)
            self.bn3 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        branch = F.relu(self.bn1(F.conv2d(x, self.w1, stride=self.stride, padding=1)))
        branch = self.bn2(F.conv2d(branch, self.w2, padding=1))
        if self.w3 is not None:
            x = self.bn3(F.conv2d(x, self.w3, stride=self.stride))
        return F.relu(branch + x)
