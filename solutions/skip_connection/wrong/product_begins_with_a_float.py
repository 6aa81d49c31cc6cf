"""The product begins with 1.0, so that whole numbers are rounded."""
# loses: task4_first_gradient_plain, task4_first_gradient_skip
# message: a number like 1.0

# %% task4_first_gradient
def first_gradient(x, weights, g, skip=False):
    product = 1.0
    for w in weights[1:]:
        product *= w + 1 if skip else w
    return product * g * x
