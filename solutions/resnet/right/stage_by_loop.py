"""The stage is filled layer by layer, with keyword arguments."""

# %% task2_make_stage
def make_stage(block, in_channels, out_channels, depth, stride=1):
    layers = nn.Sequential()
    for number in range(depth):
        layers.add_module(
            f"block{number}",
            block(in_channels=in_channels, out_channels=out_channels, stride=stride if number == 0 else 1),
        )
        in_channels = out_channels
    return layers
