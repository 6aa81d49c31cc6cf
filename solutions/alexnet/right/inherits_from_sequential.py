"""AlexNet is itself an nn.Sequential, with names from add_module."""

# %% task4_alexnet
class AlexNet(nn.Sequential):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        self.add_module("body", make_features(channels))
        self.add_module("stretch", nn.Flatten(1))
        self.add_module("head", make_classifier(channels[4] * 6**2, hidden, num_classes))
