"""All ReLUs are added under one name, so a single one survives (mistake 41)."""
# loses: task2_vgg_block_function, task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: a second one with the same name replaces the first

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    block = nn.Sequential()
    for number in range(depth):
        block.add_module(f"conv{number}", nn.Conv2d(in_channels, out_channels, 3, padding=1))
        if batch_norm:
            block.add_module(f"norm{number}", nn.BatchNorm2d(out_channels))
        block.add_module("relu", nn.ReLU())
        in_channels = out_channels
    block.add_module("pool", nn.MaxPool2d(2))
    return block
