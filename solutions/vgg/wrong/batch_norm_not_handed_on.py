"""batch_norm is accepted and ignored."""
# loses: task5_vgg_batch_norm, task5_vgg_parameters
# message: BatchNorm: 0

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        blocks, in_channels = [], 3
        for depth, channels in config:
            blocks.append(vgg_block(depth, in_channels, channels))
            in_channels = channels
        self.features = nn.Sequential(*blocks)
        side = map_sizes(image_size, len(config))[-1]
        self.classifier = vgg_classifier(in_channels * side * side, hidden, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
