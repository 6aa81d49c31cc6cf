"""The skip is counted in the forward pass only (mistake 54)."""
# loses: task3_skip_gradients_by_hand
# message: This is the gradient without the skip

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    return chain_gradients(x, w1, w2, w3, g)
