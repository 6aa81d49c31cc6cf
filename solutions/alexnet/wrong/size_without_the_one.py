"""The 1 is not added."""
# loses: task1_conv_output_size_values, task1_alexnet_sizes_values
# message: получилось / found 2

# %% task1_conv_output_size
def conv_output_size(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) // stride
