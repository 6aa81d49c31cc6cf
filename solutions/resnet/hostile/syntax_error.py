"""A cell that does not parse."""

# %% task1_basic_block
class BasicBlock(nn.Module)
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
