"""The network has a classifier of its own, in which dropout overwrites the output of ReLU."""
# loses: task5_vgg_function, task5_vgg_batch_norm
# message: An in-place operation

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        blocks, channels = [], 3
        for depth, wider in config:
            blocks.append(vgg_block(depth, channels, wider, batch_norm))
            channels = wider
        self.features = nn.Sequential(*blocks)
        self.fc1 = nn.Linear(channels * (image_size // 2 ** len(config)) ** 2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, num_classes)
        self.dropout = nn.Dropout(0.5, inplace=True)

    def forward(self, x):
        x = self.features(x).flatten(1)
        x = self.dropout(F.relu(self.fc1(x)))
        x = self.dropout(F.relu(self.fc2(x)))
        return self.fc3(x)
