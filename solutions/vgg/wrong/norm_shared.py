"""One BatchNorm object after all convolutions."""
# loses: task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: One BatchNorm object is used several times

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    norm = nn.BatchNorm2d(out_channels)
    layers = []
    for _ in range(depth):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        if batch_norm:
            layers.append(norm)
        layers.append(nn.ReLU())
        in_channels = out_channels
    return nn.Sequential(*layers, nn.MaxPool2d(2))
