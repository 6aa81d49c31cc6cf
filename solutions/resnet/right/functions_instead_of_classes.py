"""Blocks and network are functions; one small class adds a branch to a wire."""

# %% task1_basic_block
class Sum(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return sum(branch(x) for branch in self.branches)


def wire(n_in, n_out, stride):
    if stride == 1 and n_in == n_out:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))


def BasicBlock(in_channels, out_channels, stride=1):
    branch = nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False),
        nn.BatchNorm2d(out_channels),
    )
    return nn.Sequential(Sum(branch, wire(in_channels, out_channels, stride)), nn.ReLU())


# %% task3_resnet
def ResNet(block, depths, num_classes=1000, width=64, expansion=1):
    layers = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = width
    for stride, depth, times in zip([1, 2, 2, 2], depths, [1, 2, 4, 8]):
        layers.append(make_stage(block, channels, width * expansion * times, depth, stride))
        channels = width * expansion * times
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes)]
    return nn.Sequential(*layers)


# %% task4_bottleneck
def Bottleneck(in_channels, out_channels, stride=1):
    narrow = out_channels // 4
    branch = nn.Sequential(
        nn.Conv2d(in_channels, narrow, 1, bias=False),
        nn.BatchNorm2d(narrow),
        nn.ReLU(),
        nn.Conv2d(narrow, narrow, 3, stride, 1, bias=False),
        nn.BatchNorm2d(narrow),
        nn.ReLU(),
        nn.Conv2d(narrow, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
    )
    return nn.Sequential(Sum(wire(in_channels, out_channels, stride), branch), nn.ReLU())
