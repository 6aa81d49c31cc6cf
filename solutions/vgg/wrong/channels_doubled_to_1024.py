"""The channels are doubled once too often."""
# loses: task3_vgg_config_values
# message: 1024

# %% task3_vgg_config
def vgg_config(number):
    depths = {11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}
    return [(depth, 64 * 2**index) for index, depth in enumerate(depths[number])]
