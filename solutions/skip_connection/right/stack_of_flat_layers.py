"""The plain stack is flat: convolutions and activations in one row; old gradients are removed one by one."""

# %% task7_make_stack
def make_stack(depth, channels, skip=False):
    if skip:
        blocks = [Skip(make_stack(1, channels)) for _ in range(depth)]
        return nn.Sequential(*blocks)
    layers = []
    while len(layers) < 2 * depth:
        layers += [nn.LazyConv2d(channels, 3, 1, 1), nn.Tanh()]
    return nn.Sequential(*layers)

# %% task7_gradient_norms
def gradient_norms(net, x):
    for p in net.parameters():
        p.grad = None
    out = net(x)
    (out * out).sum().div(out.numel()).backward()
    norms = []
    for name, p in net.named_parameters():
        if p.dim() <= 1:
            continue
        norms.append(float(p.grad.flatten().norm(p=2)))
    return norms
