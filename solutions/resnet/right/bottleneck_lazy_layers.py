"""A bottleneck of lazy layers in a loop over kernel sizes."""

# %% task4_bottleneck
class Bottleneck(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        narrow = out_channels // 4
        layers = []
        for channels, size, step in [(narrow, 1, 1), (narrow, 3, stride), (out_channels, 1, 1)]:
            layers += [nn.LazyConv2d(channels, size, stride=step, padding=size // 2), nn.LazyBatchNorm2d(), nn.ReLU()]
        self.net = nn.Sequential(*layers[:-1])
        self.proj = None
        if stride > 1 or in_channels != out_channels:
            self.proj = nn.Sequential(nn.LazyConv2d(out_channels, 1, stride=stride), nn.LazyBatchNorm2d())

    def forward(self, x):
        y = self.net(x)
        if self.proj is not None:
            x = self.proj(x)
        return F.relu(x + y, inplace=True)
