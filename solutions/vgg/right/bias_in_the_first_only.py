"""With BatchNorm some convolutions have a bias and others do not."""

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    block = nn.Sequential()
    for number in range(depth):
        first = number == 0
        block.append(nn.Conv2d(in_channels if first else out_channels, out_channels, 3, 1, 1, bias=first or not batch_norm))
        if batch_norm:
            block.append(nn.BatchNorm2d(out_channels))
        block.append(nn.ReLU())
    block.append(nn.MaxPool2d(2, 2))
    return block
