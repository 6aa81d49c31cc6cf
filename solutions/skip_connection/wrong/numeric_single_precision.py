"""The values are rounded to single precision before the difference (mistake 56)."""
# loses: task2_numeric_derivative_error
# message: Found

# %% task2_numeric_derivative
def numeric_derivative(f, a):
    h = 1e-5
    values = torch.tensor([f(a + h), f(a - h)])
    return ((values[0] - values[1]) / (2 * h)).item()
