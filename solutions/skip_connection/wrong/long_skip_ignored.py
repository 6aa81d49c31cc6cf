"""The argument skip is ignored (mistake 54)."""
# loses: task4_first_gradient_skip
# message: does not depend on `skip`

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    return g * math.prod(weights[1:]) * x
