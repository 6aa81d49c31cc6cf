"""`torch.cat` without an axis (mistake 35); the reference block builds on it."""
# loses: task1_concatenate_maps, task3_dense_block_shape, task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: expected: (2, 12, 8, 8)


# %% task1_concatenate
def concatenate(old, new):
    return torch.cat((old, new))


def channels_along_block(in_channels, growth_rate, num_layers):
    return [in_channels + i * growth_rate for i in range(num_layers + 1)]
