"""Lazy layers find out the number of input channels and features by themselves."""

# %% task2_vgg_block
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    layers = []
    for _ in range(depth):
        layers.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.LazyBatchNorm2d())
        layers.append(nn.ReLU())
    layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*layers)

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        blocks = [vgg_block(depth, None, channels, batch_norm) for depth, channels in config]
        self.net = nn.Sequential(
            *blocks, nn.Flatten(),
            nn.LazyLinear(hidden), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(hidden), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(num_classes),
        )

    def forward(self, x):
        return self.net(x)
