"""The features are cut off from the gradient (mistake 20)."""
# loses: task5_vgg_function, task5_vgg_batch_norm
# message: no gradient comes back to the input

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        blocks, in_channels = [], 3
        for depth, channels in config:
            blocks.append(vgg_block(depth, in_channels, channels, batch_norm))
            in_channels = channels
        self.features = nn.Sequential(*blocks)
        side = map_sizes(image_size, len(config))[-1]
        self.classifier = vgg_classifier(in_channels * side * side, hidden, num_classes)

    def forward(self, x):
        features = self.features(x).flatten(1).data
        return self.classifier(features)
