"""Padding by ZeroPad2d for the edges and by concatenation for the channels."""

# %% task5_pad_to
def pad_to(maps, channels, height, width):
    rows, columns = height - maps.shape[-2], width - maps.shape[-1]
    maps = nn.ZeroPad2d((columns // 2, (columns + 1) // 2, rows // 2, (rows + 1) // 2))(maps)
    extra = torch.zeros(maps.shape[0], channels - maps.shape[1], height, width)
    return torch.cat([maps, extra], dim=1)

# %% task5_add_maps
def add_maps(first, second):
    sizes = torch.maximum(torch.tensor(first.shape), torch.tensor(second.shape)).tolist()
    if list(first.shape) != sizes:
        first = pad_to(first, *sizes[1:])
    if list(second.shape) != sizes:
        second = pad_to(second, *sizes[1:])
    return torch.add(first, second)
