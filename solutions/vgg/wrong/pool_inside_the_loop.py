"""MaxPool inside the loop over the convolutions (mistake 39)."""
# loses: task2_vgg_block_shape, task2_vgg_block_function, task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: MaxPool once, after the loop

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    layers = []
    for _ in range(depth):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU())
        layers.append(nn.MaxPool2d(2))
        in_channels = out_channels
    return nn.Sequential(*layers)
