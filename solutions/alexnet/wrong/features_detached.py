"""The gradient is cut after the first convolution (mistake 20)."""
# loses: task2_make_features_gradients
# message: no gradient reaches

# %% task2_make_features
class Features(nn.Module):
    def __init__(self, channels):
        super().__init__()
        a, b, c, d, e = channels
        self.first = nn.Sequential(nn.Conv2d(3, a, 11, 4), nn.BatchNorm2d(a), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.rest = nn.Sequential(
            nn.Conv2d(a, b, 5, padding=2),
            nn.BatchNorm2d(b),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(b, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )

    def forward(self, x):
        return self.rest(self.first(x).detach())


def make_features(channels):
    return Features(channels)
