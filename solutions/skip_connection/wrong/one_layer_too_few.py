"""The product is over one layer too few: w2 is missing in dL/dw1 (mistake 55)."""
# loses: task1_chain_gradients_by_hand
# message: every layer between this weight and the end gives one

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    return g * w3 * w2 * w1, g * w3 * x, g * w3 * w1 * x, g * w2 * w1 * x
