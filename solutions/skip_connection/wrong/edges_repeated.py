"""The edge pixels are repeated instead of zeros."""
# loses: task5_pad_to_maps, task5_add_maps_sum
# message: not filled with zeros

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    n, c, h, w = maps.shape
    left, top = (width - w) // 2, (height - h) // 2
    maps = F.pad(maps, (left, width - w - left, top, height - h - top), mode="replicate")
    return torch.cat([maps, torch.zeros(n, channels - c, height, width)], dim=1)
