"""The list begins with the last layer."""
# loses: task7_gradient_norms_values
# message: begins with the first layer

# %% task7_gradient_norms
def gradient_norms(net, x):
    net.zero_grad()
    net(x).square().mean().backward()
    return [p.grad.norm().item() for p in net.parameters() if p.dim() > 1][::-1]
