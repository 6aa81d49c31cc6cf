"""Brackets are opened in every formula."""

# %% task3_skip_chain
def skip_chain(x, w1, w2, w3):
    x1, x2, x3 = chain(x, w1, w2, w3)
    return x1, x2, x1 + x3

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    return g * w1 + g * w1 * w2 * w3, g * x + g * x * w2 * w3, g * w3 * w1 * x, g * w2 * w1 * x

# %% task3_gain
def gain(w2, w3):
    return 1 + 1 / w2 / w3

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    result = x
    for i, w in enumerate(weights):
        if i > 0:
            result = result * w + result * skip
    return result * g
