"""Dropout is written by hand with torch.rand and torch.bernoulli: other masks, the same distribution."""

# %% task3_make_classifier
class MyDropout(nn.Module):
    def forward(self, x):
        if not self.training:
            return x
        mask = (torch.rand(x.shape) > 0.5).float()
        return x * mask / 0.5


class Head(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        self.linears = nn.ModuleList(
            [nn.Linear(in_features, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, num_classes)]
        )
        self.first_dropout = MyDropout()

    def forward(self, x):
        x = self.first_dropout(self.linears[0](x).clamp(min=0))
        x = torch.maximum(self.linears[1](x), torch.tensor(0.0))
        if self.training:
            x = x * torch.bernoulli(torch.full_like(x, 0.5)) * 2
        return self.linears[2](x)


def make_classifier(in_features, hidden, num_classes):
    return Head(in_features, hidden, num_classes)
