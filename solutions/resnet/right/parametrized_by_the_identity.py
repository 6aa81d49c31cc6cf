"""A parametrization that leaves the weights as they are."""

# %% task1_basic_block
from torch.nn.utils import parametrize


def convolution(in_channels, out_channels, side, stride=1):
    layer = nn.Conv2d(in_channels, out_channels, side, stride, side // 2, bias=False)
    parametrize.register_parametrization(layer, "weight", nn.Identity())
    return layer


class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.branch = nn.Sequential(
            convolution(in_channels, out_channels, 3, stride),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            convolution(out_channels, out_channels, 3),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(convolution(in_channels, out_channels, 1, stride), nn.BatchNorm2d(out_channels))

    def forward(self, x):
        return F.relu(self.branch(x) + self.shortcut(x))
