"""Only the layer itself is differentiated, later layers are no factors."""
# loses: task1_chain_gradients_by_hand
# message: all later layers are factors too

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    x1 = w1 * x
    x2 = w2 * x1
    return g * w1, g * x, g * x1, g * x2
