"""Where the number of rows is odd, the extra one is on top."""
# loses: task5_pad_to_maps, task5_add_maps_sum
# message: the extra one is at the bottom

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    n, c, h, w = maps.shape
    right, bottom = (width - w) // 2, (height - h) // 2
    return F.pad(maps, (width - w - right, right, height - h - bottom, bottom, 0, channels - c))
