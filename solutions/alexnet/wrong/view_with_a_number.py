"""view(-1, 9216) with a fixed number changes the batch (mistake 51)."""
# loses: task4_alexnet_shape, task4_alexnet_function
# message: The batch has to stay as it is

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        self.features = make_features(channels)
        self.classifier = make_classifier(9216, hidden, num_classes)

    def forward(self, x):
        x = self.features(x)
        x = x.view(-1, 9216)
        return self.classifier(x)
