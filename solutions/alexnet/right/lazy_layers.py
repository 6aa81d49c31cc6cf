"""Lazy layers take the number of their inputs from the first batch."""

# %% task2_make_features
def make_features(channels):
    a, b, c, d, e = channels
    return nn.Sequential(
        nn.LazyConv2d(a, 11, 4),
        nn.LazyBatchNorm2d(),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.LazyConv2d(b, 5, 1, 2),
        nn.LazyBatchNorm2d(),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.LazyConv2d(c, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.LazyConv2d(d, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.LazyConv2d(e, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
    )

# %% task3_make_classifier
def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.LazyLinear(hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.LazyLinear(hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.LazyLinear(num_classes),
    )

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        self.net = nn.Sequential(make_features(channels), nn.Flatten(), make_classifier(None, hidden, num_classes))

    def forward(self, x):
        return self.net(x)

# %% task5_count_parameters
def count_parameters(module):
    total = 0
    for parameter in module.parameters():
        if isinstance(parameter, nn.UninitializedParameter):
            module(torch.empty(2, 3, 227, 227))
            return count_parameters(module)
        total += torch.tensor(parameter.shape).prod().item() if parameter.device.type != "meta" else parameter.nelement()
    return total
