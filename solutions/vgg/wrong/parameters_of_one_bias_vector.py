"""The biases of one convolution only."""
# loses: task1_stack_parameters_values
# message: 2 × conv 3×3

# %% task1_stack_parameters
def stack_parameters(channels, depth, kernel_size=3):
    return depth * kernel_size * kernel_size * channels * channels + channels
