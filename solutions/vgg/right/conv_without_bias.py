"""Convolutions before BatchNorm have no bias."""

# %% task2_vgg_block
def conv_relu(n_in, n_out, batch_norm):
    conv = nn.Conv2d(n_in, n_out, 3, stride=1, padding=1, bias=not batch_norm)
    if batch_norm:
        return [conv, nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]
    return [conv, nn.ReLU(inplace=True)]


def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    layers = conv_relu(in_channels, out_channels, batch_norm)
    for _ in range(depth - 1):
        layers += conv_relu(out_channels, out_channels, batch_norm)
    return nn.Sequential(*layers, nn.MaxPool2d(kernel_size=2, stride=2))
