"""The padding fits a 3x3 kernel and no other (cf. mistake 7)."""
# loses: task5_same_padding_values
# message: fits the kernel 3x3 only

# %% task5_same_padding
def same_padding(kernel_size):
    return 1
