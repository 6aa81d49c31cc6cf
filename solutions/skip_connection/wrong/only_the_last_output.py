"""The function returns x3 alone (cf. mistake 27)."""
# loses: task1_chain_values
# message: three numbers are expected

# %% task1_chain
def chain(x, w1, w2, w3):
    return w3 * w2 * w1 * x
