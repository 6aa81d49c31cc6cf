"""An adaptive pooling to 7x7, as in torchvision."""
# loses: task5_vgg_function, task5_vgg_batch_norm
# message: The maps are pooled to 7x7

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        blocks, in_channels = [], 3
        for depth, channels in config:
            blocks.append(vgg_block(depth, in_channels, channels, batch_norm))
            in_channels = channels
        self.features = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(7))
        self.classifier = vgg_classifier(in_channels * 49, hidden, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
