"""The first weight is a factor of its own derivative."""
# loses: task4_first_gradient_plain, task4_first_gradient_skip
# message: a factor too many

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    derivative = g * x
    for w in weights:
        derivative *= w + 1 if skip else w
    return derivative
