"""The identity is an empty Sequential; the sum is made in place on a copy."""

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.layers = nn.ModuleList([branch, shortcut or nn.Sequential()])

    def forward(self, x):
        out = self.layers[1](x).clone()
        out += self.layers[0](x)
        return out

# %% task7_make_stack
class Layer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=same_padding(3))

    def forward(self, x):
        return torch.tanh(self.conv(x))


def make_stack(depth, channels, skip=False):
    layers = (Layer(channels) for _ in range(depth))
    return nn.Sequential(*(map(Skip, layers) if skip else layers))

# %% task7_gradient_norms
def gradient_norms(net, x):
    weights = [p for _, p in net.named_parameters() if len(p.shape) > 1]
    gradients = torch.autograd.grad(net(x).square().mean(), weights)
    return [math.sqrt((gradient**2).sum()) for gradient in gradients]
