"""The transition's 1x1 convolution is a linear layer over the channels, and keeps its bias."""

# %% task4_transition
class Transition(nn.Module):
    """What stands between two dense blocks (Huang et al. 2017, table 1).

    Args:
        in_channels: maps of the input.
        out_channels: maps of the output.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)
    """

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.conv = nn.Linear(in_channels, out_channels)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.bn(x)).permute(0, 2, 3, 1)).permute(0, 3, 1, 2), 2)
