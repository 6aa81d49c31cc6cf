"""The first linear layer is made for images of 224 x 224 (mistake 47)."""
# loses: task4_alexnet_shape, task4_alexnet_function
# message: made for maps of 5x5

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        self.features = make_features(channels)
        self.flatten = nn.Flatten()
        self.classifier = make_classifier(channels[-1] * 5 * 5, hidden, num_classes)

    def forward(self, x):
        x = self.features(x)
        x = self.flatten(x)
        return self.classifier(x)
