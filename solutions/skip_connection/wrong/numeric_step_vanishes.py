"""The step is lost in rounding: both values are the same (mistake 56)."""
# loses: task2_numeric_derivative_error
# message: smaller than rounding

# %% task2_numeric_derivative
def numeric_derivative(f, a):
    h = 1e-18
    return (f(a + h) - f(a)) / h
