"""The points are 2h apart, and the difference is divided by h."""
# loses: task2_numeric_derivative_error
# message: divide by

# %% task2_numeric_derivative
def numeric_derivative(f, a):
    h = 1e-5
    return (f(a + h) - f(a - h)) / h
