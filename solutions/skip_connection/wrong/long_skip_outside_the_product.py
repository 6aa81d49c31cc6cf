"""The 1 is added to the whole product (mistake 53)."""
# loses: task4_first_gradient_skip
# message: each factor is w + 1

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    product = math.prod(weights[1:])
    return g * (product + 1 if skip else product) * x
