"""F.conv2d and F.linear with parameters of the modules' own."""

# %% task2_make_features
class Features(nn.Module):
    def __init__(self, channels):
        super().__init__()
        before = 3
        for number, (after, side) in enumerate(zip(channels, (11, 5, 3, 3, 3)), start=1):
            weight = torch.randn(after, before, side, side) * (2 / (before * side**2)) ** 0.5
            setattr(self, f"w{number}", nn.Parameter(weight))
            setattr(self, f"b{number}", nn.Parameter(torch.zeros(after)))
            before = after
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.bn2 = nn.BatchNorm2d(channels[1])

    def forward(self, x):
        x = F.relu(self.bn1(F.conv2d(x, self.w1, self.b1, stride=4)))
        x = F.max_pool2d(x, 3, 2)
        x = F.relu(self.bn2(F.conv2d(x, self.w2, self.b2, padding=2)))
        x = F.max_pool2d(x, 3, 2)
        x = F.relu(F.conv2d(x, self.w3, self.b3, padding=1))
        x = F.relu(F.conv2d(x, self.w4, self.b4, padding=1))
        x = F.relu(F.conv2d(x, self.w5, self.b5, padding=1))
        return F.max_pool2d(x, 3, 2)


def make_features(channels):
    return Features(channels)

# %% task3_make_classifier
class Classifier(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        widths = (in_features, hidden, hidden, num_classes)
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(after, before) * (2 / before) ** 0.5) for before, after in zip(widths, widths[1:])
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(after)) for after in widths[1:])

    def forward(self, x):
        for weight, bias in list(zip(self.weights, self.biases))[:2]:
            x = F.dropout(F.relu(F.linear(x, weight, bias)), 0.5, self.training)
        return F.linear(x, self.weights[2], self.biases[2])


def make_classifier(in_features, hidden, num_classes):
    return Classifier(in_features, hidden, num_classes)
