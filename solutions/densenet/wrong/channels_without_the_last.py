"""The number of maps after the last layer is left out."""
# loses: task1_channels
# message: expected: [6, 12]


# %% task1_concatenate
def concatenate(old, new):
    return torch.cat((old, new), 1)


def channels_along_block(in_channels, growth_rate, num_layers):
    return [in_channels + i * growth_rate for i in range(num_layers)]
