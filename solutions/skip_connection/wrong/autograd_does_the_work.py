"""The formulas by hand are left to autograd."""
# loses: task1_chain_gradients_by_hand, task3_skip_gradients_by_hand
# message: leaves the derivative to autograd

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    leaves = [torch.tensor(float(v), requires_grad=True) for v in (x, w1, w2, w3)]
    (g * chain(*leaves)[-1]).backward()
    return tuple(leaf.grad.item() for leaf in leaves)

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    leaves = [torch.tensor(float(v), requires_grad=True) for v in (x, w1, w2, w3)]
    (g * skip_chain(*leaves)[-1]).backward()
    return tuple(leaf.grad.item() for leaf in leaves)
