"""A dict, in which equal depths are lost."""
# loses: task3_vgg_config_values
# message: blocks: 2

# %% task3_vgg_config
def vgg_config(number):
    """The blocks of a VGG (Simonyan, Zisserman 2014, table 1).

    Args:
        number: 11, 13, 16 or 19.

    Returns:
        list: five pairs (number of convolutions, channels).
    """
    depths = {11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}
    return dict(zip(depths[number], [64, 128, 256, 512, 512]))
