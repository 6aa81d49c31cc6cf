"""The gradient travels back layer by layer, as autograd does it."""

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    x1, x2, _ = chain(x, w1, w2, w3)
    grads = {}
    delta = g
    grads["w3"], delta = delta * x2, delta * w3
    grads["w2"], delta = delta * x1, delta * w2
    grads["w1"], delta = delta * x, delta * w1
    return [delta, grads["w1"], grads["w2"], grads["w3"]]

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    x1, x2, _ = skip_chain(x, w1, w2, w3)
    d3 = g
    d2 = d3 * w3
    d1 = d2 * w2 + d3
    return d1 * w1, d1 * x, d2 * x1, d3 * x2

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    delta = g
    for k in range(len(weights) - 1, 0, -1):
        delta = delta * weights[k] + (delta if skip else 0)
    return delta * x
