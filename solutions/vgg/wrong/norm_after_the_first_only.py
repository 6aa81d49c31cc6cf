"""BatchNorm after the first convolution only (mistake 44)."""
# loses: task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: BatchNorm follows only some of the convolutions

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    layers = []
    for number in range(depth):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        if batch_norm and number == 0:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU())
        in_channels = out_channels
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
