"""A stride in the 1x1 convolution instead of the pooling."""
# loses: task4_transition_shape, task4_transition_function, task5_densenet_function
# message: expected (2, 6, 


# %% task4_transition
class Transition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, out_channels, 1, stride=2, bias=False)

    def forward(self, x):
        return self.conv(F.relu(self.bn(x)))
