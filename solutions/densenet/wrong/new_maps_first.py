"""The new maps come before the old ones."""
# loses: task1_concatenate_maps
# message: first the old maps, then the new ones


# %% task1_concatenate
def concatenate(old, new):
    return torch.cat((new, old), 1)


def channels_along_block(in_channels, growth_rate, num_layers):
    return [in_channels + i * growth_rate for i in range(num_layers + 1)]
