"""Padding is added once."""
# loses: task1_conv_output_size_values, task1_alexnet_sizes_values
# message: Padding adds pixels on both sides

# %% task1_conv_output_size
def conv_output_size(size, kernel, stride=1, padding=0):
    return (size + padding - kernel) // stride + 1
