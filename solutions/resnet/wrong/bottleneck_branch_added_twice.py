"""The branch stands twice in the sum."""
# loses: task4_bottleneck_function, task4_bottleneck_gradients
# message: or the branch stands there twice

# %% task4_bottleneck
class Bottleneck(nn.Module):
    """Residual block of ResNet-50 and deeper (He et al. 2015, figure 5), with the stride in the 3x3 convolution.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output; a quarter of it inside.
        stride: stride of the 3x3 convolution and of the shortcut.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        narrow = out_channels // 4
        self.branch = nn.Sequential(
            nn.Conv2d(in_channels, narrow, 1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x):
        return F.relu(self.branch(x) + self.branch(x))
