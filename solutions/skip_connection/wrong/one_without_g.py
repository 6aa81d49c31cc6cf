"""The way along the skip is not multiplied by g (mistake 53)."""
# loses: task3_skip_gradients_by_hand
# message: not multiplied by g

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    return (g * w3 * w2 + 1) * w1, (g * w3 * w2 + 1) * x, g * w3 * w1 * x, g * w2 * w1 * x
