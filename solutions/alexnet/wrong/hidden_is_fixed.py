"""The argument `hidden` is ignored."""
# loses: task4_alexnet_function
# message: superfluous: linear

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        self.features = make_features(channels)
        self.flatten = nn.Flatten()
        self.classifier = make_classifier(channels[-1] * 36, 4096, num_classes)

    def forward(self, x):
        x = self.features(x)
        x = self.flatten(x)
        return self.classifier(x)
