"""BatchNorm is there whatever batch_norm says."""
# loses: task2_vgg_block_function, task2_vgg_block_gradients
# message: There is a BatchNorm although `batch_norm` is False

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    layers = []
    for _ in range(depth):
        layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.BatchNorm2d(out_channels), nn.ReLU()]
        in_channels = out_channels
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
