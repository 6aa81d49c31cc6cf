"""The number of blocks is ignored."""
# loses: task3_map_sizes_values
# message: The argument `blocks` takes no part

# %% task3_map_sizes
def map_sizes(image_size, blocks=5):
    sizes = []
    for _ in range(5):
        image_size = image_size // 2
        sizes.append(image_size)
    return sizes
