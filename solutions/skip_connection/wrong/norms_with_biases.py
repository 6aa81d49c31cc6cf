"""The biases are in the list too."""
# loses: task7_gradient_norms_values
# message: The biases are in the list

# %% task7_gradient_norms
def gradient_norms(net, x):
    net.zero_grad()
    net(x).square().mean().backward()
    return [p.grad.norm().item() for p in net.parameters()]
