"""The loss is the sum of squares instead of their mean."""
# loses: task7_gradient_norms_values
# message: The loss is another

# %% task7_gradient_norms
def gradient_norms(net, x):
    net.zero_grad()
    net(x).square().sum().backward()
    return [p.grad.norm().item() for p in net.parameters() if p.dim() > 1]
