"""Padding by a canvas of zeros into which the maps are written."""

# %% task5_same_padding
def same_padding(kernel_size):
    return kernel_size // 2

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    n, c, h, w = maps.size()
    canvas = maps.new_zeros(n, channels, height, width)
    top = (height - h) // 2
    left = (width - w) // 2
    canvas[:, :c, top : top + h, left : left + w] = maps
    return canvas

# %% task5_add_maps
def add_maps(first, second):
    c, h, w = (max(a, b) for a, b in zip(first.shape[1:], second.shape[1:]))
    total = pad_to(first, c, h, w)
    total += pad_to(second, c, h, w)
    return total
