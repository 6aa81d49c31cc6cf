"""forward calls self.train()."""
# loses: task3_make_classifier_function, task3_make_classifier_dropout
# message: switches itself to `train()` mode

# %% task3_make_classifier
class Classifier(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(in_features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, num_classes))

    def forward(self, x):
        self.train()
        x = self.layers(x)
        return x


def make_classifier(in_features, hidden, num_classes):
    return Classifier(in_features, hidden, num_classes)
