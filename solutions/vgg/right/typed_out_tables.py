"""The table and the sizes are typed out or computed with torch; results are tuples or tensors."""

# %% task1_stack_parameters
def stack_parameters(channels, depth, kernel_size=3):
    layers = [nn.Conv2d(channels, channels, kernel_size) for _ in range(depth)]
    return sum(p.numel() for layer in layers for p in layer.parameters())

# %% task3_vgg_config
VGGS = {
    11: ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    13: ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512)),
    16: ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    19: ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}


def vgg_config(number):
    return VGGS[number]

# %% task3_map_sizes
import math


def map_sizes(image_size, blocks=5):
    sizes = ()
    while len(sizes) < blocks:
        image_size = math.floor(image_size / 2)
        sizes += (image_size,)
    return sizes
