"""The stage is a class that inherits from nn.Sequential; the first block is not special in the loop."""

# %% task2_make_stage
class Stage(nn.Sequential):
    def __init__(self, block, channels, strides):
        super().__init__(*(block(a, b, s) for a, b, s in zip(channels, channels[1:], strides)))


def make_stage(block, in_channels, out_channels, depth, stride=1):
    return Stage(block, [in_channels] + [out_channels] * depth, [stride] + [1] * (depth - 1))
