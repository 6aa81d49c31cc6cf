"""Brackets are missing in the denominator: the difference is multiplied by h."""
# loses: task2_numeric_derivative_error
# message: Brackets are missing

# %% task2_numeric_derivative
def numeric_derivative(f, a):
    """Derivative of a function by a difference of its values.

    Args:
        f: function of one number.
        a: where to differentiate, a number.

    Returns:
        float: about f'(a)
    """
    h = 1e-5
    return (f(a + h) - f(a - h)) / 2 * h
