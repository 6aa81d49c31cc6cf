"""Layers in ModuleLists, walked in a loop."""

# %% task1_basic_block
class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        sizes = [(in_channels, stride), (out_channels, 1)]
        self.convs = nn.ModuleList(nn.Conv2d(n, out_channels, 3, stride=s, padding=1, bias=False) for n, s in sizes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) for _ in sizes)
        self.extra = nn.ModuleList()
        if stride != 1 or in_channels != out_channels:
            self.extra.append(nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False))
            self.extra.append(nn.BatchNorm2d(out_channels))

    def forward(self, x):
        out = x
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            out = norm(conv(out))
            if i == 0:
                out = out.relu()
        for layer in self.extra:
            x = layer(x)
        return nn.ReLU()(out + x)
