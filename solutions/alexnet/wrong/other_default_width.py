"""The default width of the fourth convolution is 256."""
# loses: task4_alexnet_shape
# message: `AlexNet()` has 

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 256, 256), hidden=4096):
        super().__init__()
        self.features = make_features(channels)
        self.flatten = nn.Flatten()
        self.classifier = make_classifier(channels[-1] * 36, hidden, num_classes)

    def forward(self, x):
        x = self.features(x)
        x = self.flatten(x)
        return self.classifier(x)
