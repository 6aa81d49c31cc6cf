"""The product is taken by math.prod, by reduce, by recursion."""

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    dw3 = math.prod([g, w2, w1, x])
    dw2 = math.prod([g, w3, w1, x])
    dx1 = math.prod([g, w3, w2]) + g
    return (dx1 * w1, dx1 * x, dw2, dw3)

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    if len(weights) == 1:
        return g * x
    last = weights[-1] + (1 if skip else 0)
    return first_gradient(x, weights[:-1], g * last, skip)
