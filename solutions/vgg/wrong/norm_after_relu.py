"""BatchNorm stands after ReLU."""
# loses: task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: BatchNorm stands after ReLU

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    layers = []
    for _ in range(depth):
        layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()]
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        in_channels = out_channels
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
