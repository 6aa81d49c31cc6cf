"""The weights of one large convolution instead of the stack."""
# loses: task6_stack_weights_values
# message: a stack of 3x3 ones is asked for

# %% task6_stack_weights
def stack_weights(side, channels):
    return side**2 * channels**2
