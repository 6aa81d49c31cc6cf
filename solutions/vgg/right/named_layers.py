"""Layers are added by names, each of its own, in nested Sequentials."""

# %% task2_vgg_block
from collections import OrderedDict


def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    block = nn.Sequential()
    for number in range(depth):
        unit = OrderedDict()
        unit["conv"] = nn.Conv2d(in_channels, out_channels, (3, 3), padding=(1, 1))
        unit["norm"] = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()
        unit["relu"] = nn.ReLU()
        block.add_module(f"unit{number}", nn.Sequential(unit))
        in_channels = out_channels
    block.add_module("pool", nn.MaxPool2d(2))
    return block

# %% task4_vgg_classifier
def vgg_classifier(in_features, hidden, num_classes):
    return nn.Sequential(OrderedDict([
        ("flatten", nn.Flatten()),
        ("fc1", nn.Linear(in_features, hidden)), ("drop1", nn.Dropout(p=0.5)), ("relu1", nn.ReLU()),
        ("fc2", nn.Linear(hidden, hidden)), ("drop2", nn.Dropout(p=0.5)), ("relu2", nn.ReLU()),
        ("fc3", nn.Linear(hidden, num_classes)),
    ]))

# %% task5_vgg
class VGG(nn.Sequential):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        channels = [3] + [pair[1] for pair in config]
        for i, (depth, width) in enumerate(config):
            self.add_module(f"block{i + 1}", vgg_block(depth, channels[i], width, batch_norm))
        for _ in config:
            image_size = image_size // 2
        self.add_module("classifier", vgg_classifier(channels[-1] * image_size * image_size, hidden, num_classes))
