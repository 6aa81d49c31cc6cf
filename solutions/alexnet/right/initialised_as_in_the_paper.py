"""Weights are drawn as in the paper; the size of the vector comes from a trial run."""

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        self.conv = make_features(channels)
        self.conv.eval()
        with torch.no_grad():
            size = self.conv(torch.zeros(1, 3, 227, 227)).reshape(1, -1).shape[1]
        self.conv.train()
        self.fc = make_classifier(size, hidden, num_classes)
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(layer):
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(layer.weight, mean=0.0, std=0.01)
            nn.init.constant_(layer.bias, 1.0)

    def forward(self, x):
        batch_size = x.shape[0]
        features = self.conv(x)
        return self.fc(features.reshape(batch_size, -1))
