"""x1 is added before the last layer instead of behind it."""
# loses: task3_skip_chain_values
# message: before the multiplication by w3

# %% task3_skip_chain
def skip_chain(x, w1, w2, w3):
    x1 = w1 * x
    x2 = w2 * x1
    return x1, x2, w3 * (x2 + x1)
