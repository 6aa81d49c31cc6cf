"""The fraction is upside down."""
# loses: task3_gain_values
# message: upside down

# %% task3_gain
def gain(w2, w3):
    return w3 * w2 / (w3 * w2 + 1)
