"""Layers in a plain Python list: the module has no parameters (mistake 25)."""
# loses: task1_basic_block_identity, task1_basic_block_projection, task1_basic_block_gradients
# message: no parameters at all

# %% task1_basic_block
class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.layers = [
            nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        self.shortcut = []
        if stride != 1 or in_channels != out_channels:
            self.shortcut.append(nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(out_channels))

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = layer(out)
        for layer in self.shortcut:
            x = layer(x)
        return F.relu(out + x)
