"""Only the second maps are padded: the first have to be the larger ones."""
# loses: task5_add_maps_sum
# message: expected: (2, 5, 4, 6)

# %% task5_add_maps
def add_maps(first, second):
    return first + pad_to(second, *first.shape[1:])
