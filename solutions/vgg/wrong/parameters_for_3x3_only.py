"""The number of parameters does not depend on the window."""
# loses: task1_stack_parameters_values
# message: right for windows of 3x3 only

# %% task1_stack_parameters
def stack_parameters(channels, depth, kernel_size=3):
    return depth * (9 * channels * channels + channels)
