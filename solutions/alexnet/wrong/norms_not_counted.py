"""The two BatchNorms are not counted."""
# loses: task5_alexnet_parameters_values
# message: The two BatchNorms are not counted

# %% task5_alexnet_parameters
def alexnet_parameters(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
    total = 0
    for n_in, n_out, kernel in zip([3, *channels], channels, [11, 5, 3, 3, 3]):
        total += conv_parameters(n_in, n_out, kernel)
    sizes = [channels[4] * 6 * 6, hidden, hidden, num_classes]
    for n_in, n_out in zip(sizes, sizes[1:]):
        total += linear_parameters(n_in, n_out)
    return total
