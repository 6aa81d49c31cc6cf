"""The biases are not counted."""
# loses: task1_stack_parameters_values
# message: 2 × conv 3×3

# %% task1_stack_parameters
def stack_parameters(channels, depth, kernel_size=3):
    return depth * kernel_size**2 * channels**2
