"""The maps are copied as data: no gradient comes back (mistake 20)."""
# loses: task5_pad_to_maps, task5_add_maps_sum
# message: gradient

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    n, c, h, w = maps.shape
    canvas = torch.zeros(n, channels, height, width)
    top, left = (height - h) // 2, (width - w) // 2
    canvas[:, :c, top : top + h, left : left + w] = maps.data
    return canvas
