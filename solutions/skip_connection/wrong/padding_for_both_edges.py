"""The padding of both edges together."""
# loses: task5_same_padding_values
# message: counted per edge

# %% task5_same_padding
def same_padding(kernel_size):
    return kernel_size - 1
