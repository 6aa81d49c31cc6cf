"""The number of maps doubles with every layer, as from 6 to 12."""
# loses: task1_channels
# message: numbers differ


# %% task1_concatenate
def concatenate(old, new):
    return torch.cat((old, new), 1)


def channels_along_block(in_channels, growth_rate, num_layers):
    return [in_channels * 2**i for i in range(num_layers + 1)]
