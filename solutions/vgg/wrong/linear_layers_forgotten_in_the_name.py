"""The name is taken for the number of convolutions alone."""
# loses: task3_vgg_config_values
# message: VGG-11: свёртки + 3 линейных слоя / convolutions + 3 linear layers = 14

# %% task3_vgg_config
def vgg_config(number):
    last = (number - 4) // 3
    depths = [1, 1, 3, 3, 3] if number == 11 else [2, 2, last, last, last]
    return list(zip(depths, [64, 128, 256, 512, 512]))
