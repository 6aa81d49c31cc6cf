"""The factor w1 is missing in dL/dw2."""
# loses: task1_chain_gradients_by_hand
# message: The factor w1 is missing

# %% task1_chain_gradients
def chain_gradients(x, w1, w2, w3, g):
    """Derivatives of the loss in the chain, by hand.

    Args:
        x: the input, a number.
        w1, w2, w3: the weights of the layers, numbers.
        g: dL/dx3, a number.

    Returns:
        tuple: (dL/dx, dL/dw1, dL/dw2, dL/dw3)
    """
    dx = g * w3 * w2 * w1
    dw1 = g * w3 * w2 * x
    dw2 = g * w3 * x
    dw3 = g * w2 * w1 * x
    return dx, dw1, dw2, dw3
