"""Dropout by hand without the division by 1 - p."""
# loses: task3_make_classifier_dropout
# message: times the expected

# %% task3_make_classifier
class Dropout(nn.Module):
    def forward(self, x):
        return x * (torch.rand_like(x) < 0.5) if self.training else x


def make_classifier(in_features, hidden, num_classes):
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        Dropout(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        Dropout(),
        nn.Linear(hidden, num_classes),
    )
