"""All convolutions are declared first, then all norms; no attribute for the identity."""

# %% task1_basic_block
class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.projects = stride != 1 or in_channels != out_channels
        if self.projects:
            self.conv_skip = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)
        self.conv_b = nn.Conv2d(out_channels, out_channels, 3, padding="same", bias=False)
        self.conv_a = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.norm_b = nn.BatchNorm2d(out_channels)
        self.norm_a = nn.BatchNorm2d(out_channels)
        if self.projects:
            self.norm_skip = nn.BatchNorm2d(out_channels)

    def shortcut(self, x):
        return self.norm_skip(self.conv_skip(x)) if self.projects else x

    def forward(self, x):
        h = torch.relu(self.norm_a(self.conv_a(x)))
        h = self.norm_b(self.conv_b(h))
        return torch.clamp(h + self.shortcut(x), min=0)
