"""The step is so large that the curve bends."""
# loses: task2_numeric_derivative_error
# message: The step is about 0.01: too large

# %% task2_numeric_derivative
def numeric_derivative(f, a):
    h = 0.01
    return (f(a + h) - f(a - h)) / (2 * h)
