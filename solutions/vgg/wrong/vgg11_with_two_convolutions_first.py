"""VGG-11 with the second convolution in the wrong block (mistake 45)."""
# loses: task3_vgg_config_values
# message: For number = 11 the result is another than [[2, 64], [1, 128]

# %% task3_vgg_config
def vgg_config(number):
    depths = {11: [2, 1, 1, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}
    return list(zip(depths[number], [64, 128, 256, 512, 512]))
