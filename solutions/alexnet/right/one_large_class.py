"""The whole net is written once more in one class with functions; the parts are classes too."""

# %% task2_make_features
class Features(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = nn.Conv2d(3, c[0], kernel_size=11, stride=4)
        self.conv2 = nn.Conv2d(c[0], c[1], kernel_size=5, padding="same")
        self.conv3 = nn.Conv2d(c[1], c[2], kernel_size=3, padding="same")
        self.conv4 = nn.Conv2d(c[2], c[3], kernel_size=3, padding="same")
        self.conv5 = nn.Conv2d(c[3], c[4], kernel_size=3, padding="same")
        self.bn1 = nn.BatchNorm2d(c[0])
        self.bn2 = nn.BatchNorm2d(c[1])

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 3, 2)
        x = F.relu(self.conv3(x))
        x = F.relu(self.conv4(x))
        return F.max_pool2d(F.relu(self.conv5(x)), 3, 2)


make_features = Features

# %% task3_make_classifier
class Classifier(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_hidden)
        self.fc3 = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), training=self.training)
        x = F.dropout(torch.relu(self.fc2(x)), 0.5, self.training)
        return self.fc3(x)


def make_classifier(n_in, n_hidden, n_out):
    return Classifier(n_in, n_hidden, n_out)

# %% task4_alexnet
class AlexNet(nn.Module):
    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        c1, c2, c3, c4, c5 = channels
        self.fc1 = nn.Linear(c5 * 6 * 6, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, num_classes)
        self.conv1 = nn.Conv2d(3, c1, 11, 4)
        self.conv2 = nn.Conv2d(c1, c2, 5, padding=2)
        self.conv3 = nn.Conv2d(c2, c3, 3, padding=1)
        self.conv4 = nn.Conv2d(c3, c4, 3, padding=1)
        self.conv5 = nn.Conv2d(c4, c5, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(c1)
        self.norm2 = nn.BatchNorm2d(c2)
        self.pool = nn.MaxPool2d(3, 2)
        self.drop = nn.Dropout(0.5)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.pool(self.relu(self.norm1(self.conv1(x))))
        x = self.pool(self.relu(self.norm2(self.conv2(x))))
        x = self.relu(self.conv4(self.relu(self.conv3(x))))
        x = self.pool(self.relu(self.conv5(x)))
        x = torch.flatten(x, start_dim=1)
        x = self.drop(self.relu(self.fc1(x)))
        x = self.drop(self.relu(self.fc2(x)))
        return self.fc3(x)
