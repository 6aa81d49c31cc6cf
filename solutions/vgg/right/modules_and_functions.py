"""Layers in ModuleLists, everything else as functions; a class for each part."""

# %% task1_receptive_field
def receptive_field(depth, kernel_size=3):
    side = 1
    for _ in range(depth):
        side += kernel_size - 1
    return side

# %% task1_stack_parameters
def stack_parameters(channels, depth, kernel_size=3):
    per_output_channel = channels * kernel_size**2 + 1
    return per_output_channel * channels * depth

# %% task2_vgg_block
class vgg_block(nn.Module):
    def __init__(self, depth, in_channels, out_channels, batch_norm=False):
        super().__init__()
        sizes = [in_channels] + [out_channels] * depth
        self.convs = nn.ModuleList(nn.Conv2d(a, b, kernel_size=3, padding="same") for a, b in zip(sizes, sizes[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) for _ in range(depth)) if batch_norm else None

    def forward(self, x):
        for number, conv in enumerate(self.convs):
            x = conv(x)
            if self.norms is not None:
                x = self.norms[number](x)
            x = F.relu(x)
        return F.max_pool2d(x, 2)

# %% task3_vgg_config
def vgg_config(number):
    last = (number - 7) // 3
    depths = (1, 1, 2, 2, 2) if number == 11 else (2, 2, last, last, last)
    return [[depth, min(64 * 2**index, 512)] for index, depth in enumerate(depths)]

# %% task3_map_sizes
def map_sizes(image_size, blocks=5):
    return [image_size // 2**number for number in range(1, blocks + 1)]

# %% task4_vgg_classifier
class vgg_classifier(nn.Module):
    def __init__(self, in_features, hidden, num_classes):
        super().__init__()
        self.fc3 = nn.Linear(hidden, num_classes)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc1 = nn.Linear(in_features, hidden)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), training=self.training)
        x = F.dropout(torch.relu(self.fc2(x)), 0.5, self.training)
        return self.fc3(x)
