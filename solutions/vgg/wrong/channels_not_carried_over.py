"""Every block is made for 3 channels."""
# loses: task5_vgg_function, task5_vgg_batch_norm, task5_vgg_parameters
# message: to have 3 channels, but got 4

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        blocks = [vgg_block(depth, 3, channels, batch_norm) for depth, channels in config]
        self.features = nn.Sequential(*blocks)
        side = map_sizes(image_size, len(config))[-1]
        self.classifier = vgg_classifier(config[-1][1] * side * side, hidden, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
