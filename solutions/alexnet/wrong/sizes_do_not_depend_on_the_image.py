"""The list is written down for 227."""
# loses: task1_alexnet_sizes_values
# message: do not depend on the argument `size`

# %% task1_alexnet_sizes
def alexnet_sizes(size=227):
    return [55, 27, 27, 13, 13, 13, 13, 6]
