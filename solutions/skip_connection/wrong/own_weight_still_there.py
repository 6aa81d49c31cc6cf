"""The derivative by a weight still has the weight in it."""
# loses: task1_chain_gradients_by_hand
# message: dL/dw1

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    x1, x2, x3 = chain(x, w1, w2, w3)
    return g * w3 * w2 * w1, g * x3, g * x3, g * x3
