"""All zeros are at the bottom and on the right."""
# loses: task5_pad_to_maps, task5_add_maps_sum
# message: in a corner

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    n, c, h, w = maps.shape
    return F.pad(maps, (0, width - w, 0, height - h, 0, channels - c))
