"""Softmax at the end, in training alone."""
# loses: task3_make_classifier_dropout
# message: that is a softmax

# %% task3_make_classifier
class Classifier(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(in_features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, num_classes))

    def forward(self, x):
        x = self.layers(x)
        if self.training:
            x = F.softmax(x, dim=1)
        return x


def make_classifier(in_features, hidden, num_classes):
    return Classifier(in_features, hidden, num_classes)
