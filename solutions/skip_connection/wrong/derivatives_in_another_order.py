"""The weights come first and x last."""
# loses: task1_chain_gradients_by_hand
# message: their order is not

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    return g * w3 * w2 * x, g * w3 * w1 * x, g * w2 * w1 * x, g * w3 * w2 * w1
