"""The derivatives are those of x3: the factor g is missing."""
# loses: task1_chain_gradients_by_hand
# message: The factor g is missing

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    return w3 * w2 * w1, w3 * w2 * x, w3 * w1 * x, w2 * w1 * x
