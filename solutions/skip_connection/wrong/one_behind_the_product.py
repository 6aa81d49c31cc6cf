"""The 1 of the skip is added to the finished product (mistake 53)."""
# loses: task3_skip_gradients_by_hand
# message: inside the brackets

# %% task3_skip_gradients
def skip_gradients(x, w1, w2, w3, g):
    return g * w3 * w2 * w1 + 1, g * w3 * w2 * x + 1, g * w3 * w1 * x, g * w2 * w1 * x
