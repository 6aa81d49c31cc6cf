"""The chain with a skip has none."""
# loses: task3_skip_chain_values
# message: The skip is forgotten

# %% task3_skip_chain
def skip_chain(x, w1, w2, w3):
    return chain(x, w1, w2, w3)
