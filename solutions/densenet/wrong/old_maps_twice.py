"""The old maps are joined with themselves: the shape is right."""
# loses: task1_concatenate_maps, task3_dense_block_shape, task3_dense_block_function, task3_dense_block_gradients, task5_densenet_function
# message: they are other maps


# %% task1_concatenate
def concatenate(old, new):
    return torch.cat((old, old), 1)[:, : old.shape[1] + new.shape[1]]


def channels_along_block(in_channels, growth_rate, num_layers):
    return [in_channels + i * growth_rate for i in range(num_layers + 1)]
