"""The first weight is taken out of the caller's own list."""
# loses: task4_first_gradient_plain
# message: has changed the list weights

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    weights.pop(0)
    derivative = g * x
    for w in weights:
        derivative *= w + 1 if skip else w
    return derivative
