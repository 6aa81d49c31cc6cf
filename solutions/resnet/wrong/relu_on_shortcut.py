"""ReLU is applied to what the shortcut gives."""
# loses: task1_basic_block_identity, task1_basic_block_projection, task1_basic_block_gradients
# message: There is a ReLU on the shortcut

# %% task1_basic_block
class BasicBlock(nn.Module):
    """Residual block of ResNet-18 and ResNet-34 (He et al. 2015, figure 2).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        stride: the output is this many times smaller in height and width.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x):
        branch = F.relu(self.bn1(self.conv1(x)))
        branch = self.bn2(self.conv2(branch))
        return F.relu(branch + F.relu(self.shortcut(x)))
