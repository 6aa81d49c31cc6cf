"""F.dropout drops in eval mode too (mistake 50)."""
# loses: task3_make_classifier_function, task3_make_classifier_dropout
# message: `F.dropout(x)` without

# %% task3_make_classifier
class Classifier(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, num_classes)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), 0.5)
        x = F.dropout(F.relu(self.fc2(x)), 0.5)
        return self.fc3(x)


def make_classifier(in_features, hidden, num_classes):
    return Classifier(in_features, hidden, num_classes)
