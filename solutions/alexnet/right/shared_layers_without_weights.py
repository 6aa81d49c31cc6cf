"""One ReLU, one pooling and one dropout object serve the whole net."""

# %% task2_make_features
def make_features(channels):
    relu, pool = nn.ReLU(), nn.MaxPool2d(3, stride=2)
    c = [3] + list(channels)
    convs = [
        nn.Conv2d(c[0], c[1], 11, stride=4),
        nn.Conv2d(c[1], c[2], 5, padding=2),
        *[nn.Conv2d(c[i], c[i + 1], 3, padding=1) for i in (2, 3, 4)],
    ]
    first = [convs[0], nn.BatchNorm2d(c[1]), relu, pool]
    second = [convs[1], nn.BatchNorm2d(c[2]), relu, pool]
    return nn.Sequential(*first, *second, convs[2], relu, convs[3], relu, convs[4], relu, pool)

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    relu, dropout = nn.ReLU(inplace=True), nn.Dropout(0.5)
    linears = [nn.Linear(in_features, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, num_classes)]
    return nn.Sequential(linears[0], relu, dropout, linears[1], relu, dropout, linears[2])

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super(AlexNet, self).__init__()
        self.layers = nn.ModuleList([make_features(channels), nn.Flatten(), make_classifier(channels[4] * 36, hidden, num_classes)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
