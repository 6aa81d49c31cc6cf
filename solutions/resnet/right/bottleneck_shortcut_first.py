"""The shortcut is declared first, empty where nothing changes; all norms are declared before all convolutions."""

# %% task4_bottleneck
class Bottleneck(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        mid = int(out_channels / 4)
        self.skip = nn.Sequential()
        if not (stride == 1 and in_channels == out_channels):
            self.skip.append(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False))
            self.skip.append(nn.BatchNorm2d(out_channels))
        self.norm_out, self.norm_in, self.norm_mid = nn.BatchNorm2d(out_channels), nn.BatchNorm2d(mid), nn.BatchNorm2d(mid)
        self.expand = nn.Conv2d(mid, out_channels, 1, bias=False)
        self.spatial = nn.Conv2d(mid, mid, 3, stride, 1, bias=False)
        self.squeeze = nn.Conv2d(in_channels, mid, 1, bias=False)

    def forward(self, x):
        y = self.norm_in(self.squeeze(x)).relu()
        y = self.norm_mid(self.spatial(y)).relu()
        y = self.norm_out(self.expand(y))
        return torch.relu(torch.add(y, self.skip(x)))
