"""The transition does not make the picture smaller (mistake 29)."""
# loses: task4_transition_shape, task4_transition_function, task5_densenet_function
# message: twice the expected ones: a pooling or a stride


# %% task4_transition
class Transition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x):
        return self.conv(F.relu(self.bn(x)))
