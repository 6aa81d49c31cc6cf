"""The squares of the stack are laid side by side."""
# loses: task6_stack_weights_values
# message: The squares overlap

# %% task6_stack_weights
def stack_weights(side, channels):
    return side // 3 * 9 * channels**2
