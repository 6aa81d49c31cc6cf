"""All normalisations are registered before all convolutions, the linear layers backwards."""

# %% task2_make_features
class Features(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for width in widths[:2]])
        inputs = [3, *widths[:-1]]
        options = [dict(kernel_size=11, stride=4), dict(kernel_size=5, padding=2), *[dict(kernel_size=3, padding=1)] * 3]
        self.convs = nn.ModuleDict()
        for number in reversed(range(5)):
            self.convs[f"c{number}"] = nn.Conv2d(inputs[number], widths[number], **options[number])

    def forward(self, x):
        for number in range(5):
            x = self.convs[f"c{number}"](x)
            if number < 2:
                x = self.norms[number](x)
            x = x.relu()
            if number in (0, 1, 4):
                x = F.max_pool2d(x, kernel_size=3, stride=2)
        return x


def make_features(channels):
    return Features(list(channels))

# %% task3_make_classifier
class Classifier(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        self.last = nn.Linear(hidden, num_classes)
        self.middle = nn.Linear(hidden, hidden)
        self.first = nn.Linear(in_features, hidden)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        for layer in (self.first, self.middle):
            x = self.dropout(F.relu(layer(x)))
        return self.last(x)


make_classifier = Classifier

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        self.classifier = make_classifier(channels[4] * 36, hidden, num_classes)
        self.features = make_features(channels)

    def forward(self, x):
        x = self.features(x)
        return self.classifier(x.view(x.size(0), -1))
