"""Autograd is asked with gradients enabled, on tensors that are made of the numbers (walls, 8)."""
# loses: task1_chain_gradients_by_hand, task3_skip_gradients_by_hand, task4_first_gradient_plain, task4_first_gradient_skip
# message: and from autograd

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    with torch.enable_grad():
        leaves = [torch.tensor(float(v), dtype=torch.float64, requires_grad=True) for v in (x, w1, w2, w3)]
        return [grad.item() for grad in torch.autograd.grad(g * chain(*leaves)[-1], leaves)]

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    leaves = tuple(torch.tensor(float(v), dtype=torch.float64) for v in (x, w1, w2, w3))
    return torch.stack(torch.autograd.functional.jacobian(lambda *v: g * skip_chain(*v)[-1], leaves))

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    def loss(first):
        value = x
        for w in [first, *weights[1:]]:
            value = w * value + (value if skip else 0)
        return g * value

    derivative = torch.func.grad(loss)(torch.tensor(float(weights[0]), dtype=torch.float64)).item()
    return round(derivative) if isinstance(x, int) else derivative
