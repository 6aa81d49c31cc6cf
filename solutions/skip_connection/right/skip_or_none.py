"""The shortcut stays None; the addition is a method of the tensor."""

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.shortcut = shortcut
        self.f = branch

    def forward(self, x):
        identity = x
        if self.shortcut is not None:
            identity = self.shortcut(x)
        return self.f(x).add(identity)

# %% task7_make_stack
def make_stack(depth, channels, skip=False):
    net = nn.Sequential()
    for i in range(1, depth + 1):
        layer = nn.Sequential()
        layer.add_module("conv", nn.Conv2d(channels, channels, (3, 3), padding="same"))
        layer.add_module("tanh", nn.Tanh())
        if skip:
            layer = Skip(layer, None)
        net.add_module(f"layer{i}", layer)
    return net
