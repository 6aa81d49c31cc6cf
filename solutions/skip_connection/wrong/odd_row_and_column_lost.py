"""Where the difference is odd, a row and a column are missing."""
# loses: task5_pad_to_maps, task5_add_maps_sum
# message: Check stride and padding

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    """Zeros around the maps, and behind their channels.

    Args:
        maps: feature maps, (N, C, H, W).
        channels, height, width: new sizes, none smaller than the old one.

    Returns:
        Tensor: (N, channels, height, width)
    """
    new_channels = channels - maps.shape[1]
    rows = height - maps.shape[2]
    columns = width - maps.shape[3]
    left, top = columns // 2, rows // 2
    return F.pad(maps, (left, left, top, top, 0, new_channels))
