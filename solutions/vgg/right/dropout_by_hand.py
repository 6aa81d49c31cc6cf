"""Dropout is written by hand, and other random numbers are drawn in between: other masks, the same distribution."""

# %% task4_vgg_classifier
class HalfDropped(nn.Module):
    def forward(self, x):
        if self.training:
            return x * torch.bernoulli(torch.full_like(x, 0.5)) * 2
        return x


class Head(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Linear(in_features, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, num_classes)]
        )
        self.dropout = HalfDropped()

    def forward(self, x):
        torch.rand(1)
        for layer in self.layers[:-1]:
            x = self.dropout(F.relu(layer(x)))
        return self.layers[-1](x)


def vgg_classifier(in_features, hidden, num_classes):
    return Head(in_features, hidden, num_classes)
