"""The pairs of F.pad are in the order of the axes, rows first."""
# loses: task5_pad_to_maps, task5_add_maps_sum
# message: shape

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    n, c, h, w = maps.shape
    left, top = (width - w) // 2, (height - h) // 2
    return F.pad(maps, (top, height - h - top, left, width - w - left, 0, channels - c))
