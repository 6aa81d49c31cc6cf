"""The transition has no BatchNorm (mistake 28)."""
# loses: task4_transition_function, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: There is no BatchNorm in the transition


# %% task4_transition
class Transition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(x)), 2)
