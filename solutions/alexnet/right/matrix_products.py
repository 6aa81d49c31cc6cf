"""A linear layer is written out as `x @ W + b`, with inputs first in `W`."""

# %% task3_make_classifier
class Affine(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.W = nn.Parameter(torch.randn(n, m) / n**0.5)
        self.b = nn.Parameter(torch.zeros(m))

    def forward(self, x):
        return x @ self.W + self.b


def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(Affine(in_features, hidden), nn.ReLU(), nn.Dropout(0.5), Affine(hidden, hidden), nn.ReLU(), nn.Dropout(0.5), Affine(hidden, num_classes))
