"""The transition has no ReLU (mistake 28)."""
# loses: task4_transition_function, task5_densenet_function
# message: There is no ReLU in the transition


# %% task4_transition
class Transition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(self.bn(x)), 2)
