"""One convolution object stands in the list several times (mistake 40)."""
# loses: task2_vgg_block_function, task2_vgg_block_batch_norm
# message: One convolution object is used several times

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    def unit(conv):
        return [conv, nn.BatchNorm2d(out_channels), nn.ReLU()] if batch_norm else [conv, nn.ReLU()]

    layers = unit(nn.Conv2d(in_channels, out_channels, 3, padding=1))
    conv = nn.Conv2d(out_channels, out_channels, 3, padding=1)
    for _ in range(depth - 1):
        layers += unit(conv)
    return nn.Sequential(*layers, nn.MaxPool2d(2))
