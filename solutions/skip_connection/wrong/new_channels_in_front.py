"""The new channels come before the old ones."""
# loses: task5_pad_to_maps, task5_add_maps_sum
# message: in front of the old ones

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    n, c, h, w = maps.shape
    left, top = (width - w) // 2, (height - h) // 2
    return F.pad(maps, (left, width - w - left, top, height - h - top, channels - c, 0))
