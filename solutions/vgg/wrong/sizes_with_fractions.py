"""Sizes are divided, odd ones get fractions."""
# loses: task3_map_sizes_values
# message: `/` stands where `//` belongs

# %% task3_map_sizes
def map_sizes(image_size, blocks=5):
    return [image_size / 2**number for number in range(1, blocks + 1)]

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        blocks, in_channels = [], 3
        for depth, channels in config:
            blocks.append(vgg_block(depth, in_channels, channels, batch_norm))
            in_channels = channels
        self.features = nn.Sequential(*blocks)
        side = int(map_sizes(image_size, len(config))[-1])
        self.classifier = vgg_classifier(in_channels * side * side, hidden, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
