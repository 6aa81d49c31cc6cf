"""The loop ends one layer too early (mistake 55)."""
# loses: task4_first_gradient_plain, task4_first_gradient_skip
# message: the last layer too

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    derivative = g * x
    for k in range(1, len(weights) - 1):
        derivative *= weights[k] + 1 if skip else weights[k]
    return derivative
