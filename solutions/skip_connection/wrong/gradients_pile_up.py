"""The old gradients are not wiped out."""
# loses: task7_gradient_norms_values
# message: net.zero_grad()

# %% task7_gradient_norms
def gradient_norms(net, x):
    net(x).square().mean().backward()
    return [p.grad.norm().item() for p in net.parameters() if p.dim() > 1]
