"""ReLU6 where the task asks for ReLU."""
# loses: task2_vgg_block_function, task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: There is `nn.ReLU6` in the module

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    """A few 3x3 convolutions with ReLU, then a max pooling (Simonyan, Zisserman 2014, section 2.1).

    Args:
        depth: number of convolutions, at least 1.
        in_channels: channels of the input.
        out_channels: channels of the output, and of everything between.
        batch_norm: put a BatchNorm between each convolution and its ReLU.

    Returns:
        nn.Module: (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)
    """
    layers = []
    for _ in range(depth):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU6())
        in_channels = out_channels
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
