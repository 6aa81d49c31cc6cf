"""The step is so small that the difference is noise (mistake 56)."""
# loses: task2_numeric_derivative_error
# message: rounding noise

# %% task2_numeric_derivative
def numeric_derivative(f, a):
    h = 1e-14
    return (f(a + h) - f(a - h)) / (2 * h)
