"""Numbers become tensors in single precision."""

# %% task1_chain
def chain(x, w1, w2, w3):
    w = torch.tensor([w1, w2, w3]).cumprod(dim=0)
    return w * x

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    jacobian = torch.tensor([w1 * w2 * w3, x * w2 * w3, x * w1 * w3, x * w1 * w2])
    return jacobian * g

# %% task2_numeric_derivative
def numeric_derivative(f, a):
    h = 1e-5
    values = torch.tensor([f(a - h), f(a + h)], dtype=torch.float64)
    return (values[1] - values[0]) / (2 * h)

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    plain = torch.tensor(chain_gradients(x, w1, w2, w3, g).tolist())
    return plain + g * torch.tensor([w1, x, 0, 0])

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    factors = torch.tensor(weights[1:])
    if skip:
        factors = factors + 1
    return torch.prod(factors) * g * x

# %% task7_gradient_norms
def gradient_norms(net, x):
    net.zero_grad(set_to_none=True)
    loss = torch.mean(net(x) ** 2)
    loss.backward()
    return torch.stack([torch.linalg.vector_norm(p.grad) for p in net.parameters() if p.ndim > 1])
