"""The quotient is rounded to the nearest number."""
# loses: task1_conv_output_size_values, task1_alexnet_sizes_values
# message: round down, not to the nearest

# %% task1_conv_output_size
def conv_output_size(size, kernel, stride=1, padding=0):
    return round((size + 2 * padding - kernel) / stride) + 1
