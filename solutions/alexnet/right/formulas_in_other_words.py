"""Formulas as loops, with math.floor, numpy and recursion; counting goes layer by layer."""

# %% task1_conv_output_size
import math


def conv_output_size(size, kernel, stride=1, padding=0):
    return math.floor((size - kernel + 2 * padding) / stride + 1)

# %% task1_alexnet_sizes
def alexnet_sizes(size=227):
    x = torch.empty(1, 1, size, size)
    sides = []
    for layer in (
        nn.Conv2d(1, 1, 11, 4), nn.MaxPool2d(3, 2), nn.Conv2d(1, 1, 5, 1, 2), nn.MaxPool2d(3, 2),
        nn.Conv2d(1, 1, 3, 1, 1), nn.Conv2d(1, 1, 3, 1, 1), nn.Conv2d(1, 1, 3, 1, 1), nn.MaxPool2d(3, 2),
    ):
        x = layer(x)
        sides.append(x.shape[-1])
    return tuple(sides)

# %% task5_layer_parameters
import numpy as np


def conv_parameters(in_channels, out_channels, kernel, bias=True):
    return np.prod([kernel, kernel, in_channels, out_channels]) + int(bias) * out_channels


def linear_parameters(in_features, out_features):
    return in_features * out_features + out_features


def norm_parameters(channels):
    return channels + channels

# %% task5_alexnet_parameters
def alexnet_parameters(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
    total, previous = 0, 3
    for number, (width, kernel) in enumerate(zip(channels, (11, 5, 3, 3, 3))):
        total += (previous * kernel**2 + 1) * width
        if number < 2:
            total += 2 * width
        previous = width
    previous *= alexnet_sizes()[-1] ** 2
    for width in (hidden, hidden, num_classes):
        total += (previous + 1) * width
        previous = width
    return total

# %% task5_count_parameters
def count_parameters(module):
    own = sum(p.numel() for p in module.parameters(recurse=False) if p.requires_grad)
    return own + sum(count_parameters(child) for child in module.children())

# %% task6_stack_weights
def stack_weights(side, channels):
    weights = 0
    while side > 1:
        weights += 9 * channels**2
        side -= 2
    return weights
