"""The derivatives are quotients, which fail where a weight is zero."""
# loses: task1_chain_gradients_by_hand
# message: a weight may be zero

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    x3 = w3 * w2 * w1 * x
    return g * x3 / x, g * x3 / w1, g * x3 / w2, g * x3 / w3
