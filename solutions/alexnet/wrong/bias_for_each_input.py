"""One bias for each input."""
# loses: task5_layer_parameters_values, task5_alexnet_parameters_values
# message: not for each input

# %% task5_layer_parameters
def conv_parameters(in_channels, out_channels, kernel, bias=True):
    return out_channels * in_channels * kernel * kernel + out_channels * bias


def linear_parameters(in_features, out_features):
    return in_features * out_features + in_features


def norm_parameters(channels):
    return 2 * channels
