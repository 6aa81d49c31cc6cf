"""Results are NumPy arrays."""

# %% task1_chain
import numpy as np


def chain(x, w1, w2, w3):
    return np.cumprod([x, w1, w2, w3])[1:]

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    factors = [x, w1, w2, w3]
    return g * np.array([np.prod(factors[:k] + factors[k + 1 :]) for k in range(4)])

# %% task3_gain
def gain(w2, w3):
    return np.float64(1 + 1 / (w2 * w3))

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    return np.prod(np.asarray(weights[1:]) + int(skip)) * x * g

# %% task5_same_padding
def same_padding(kernel_size):
    return int(np.floor(kernel_size / 2))
