"""Blocks in a ModuleList, linear layers in attributes, dropout and ReLU as one shared object."""

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super(VGG, self).__init__()
        self.fc_out = nn.Linear(hidden, num_classes)
        self.blocks = nn.ModuleList()
        prev = 3
        for n, ch in config:
            self.blocks.append(vgg_block(n, prev, ch, batch_norm))
            prev = ch
        self.flat = prev * map_sizes(image_size, len(config))[-1] ** 2
        self.fc1 = nn.Linear(self.flat, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.drop = nn.Dropout(p=0.5)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        x = x.reshape(-1, self.flat)
        x = self.drop(self.relu(self.fc1(x)))
        x = self.drop(self.relu(self.fc2(x)))
        return self.fc_out(x)
