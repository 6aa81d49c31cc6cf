"""Every layer reads x instead of the output of the layer before it."""
# loses: task1_chain_values
# message: each layer reads what the one before it gives

# %% task1_chain
def chain(x, w1, w2, w3):
    return w1 * x, w2 * x, w3 * x
