"""The kernel is counted as a row of numbers."""
# loses: task5_layer_parameters_values, task5_alexnet_parameters_values
# message: The kernel is a square

# %% task5_layer_parameters
def conv_parameters(in_channels, out_channels, kernel, bias=True):
    return out_channels * in_channels * kernel + out_channels * bias


def linear_parameters(in_features, out_features):
    return in_features * out_features + out_features


def norm_parameters(channels):
    return 2 * channels
