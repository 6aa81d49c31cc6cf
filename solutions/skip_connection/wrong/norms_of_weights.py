"""The norms of the weights instead of their gradients."""
# loses: task7_gradient_norms_values
# message: norms of the weights

# %% task7_gradient_norms
def gradient_norms(net, x):
    net.zero_grad()
    net(x).square().mean().backward()
    return [p.norm().item() for p in net.parameters() if p.dim() > 1]
