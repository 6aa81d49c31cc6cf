"""Arguments for the formulas of the lessons, drawn afresh in every run.

A hidden test that asks the same every time can be learned by heart: its messages say what it expects. So nothing that
is asked here was asked before, or stands in a visible test; and every known mistake shows in each draw.
"""

# ruff: noqa: S311  not for cryptography
from __future__ import annotations

import random
from typing import Any

Call = tuple[Any, ...]


def numbers(count: int, lowest: int, highest: int, step: int = 1) -> list[int]:
    """So many different whole numbers, `highest` included."""
    return random.sample(range(lowest, highest + 1, step), count)


def windows() -> list[Call]:
    """Arguments (size, kernel, stride, padding) of `conv_output_size`, the last ones left out where they are usual."""
    calls: list[Call] = []
    for cut in (0, -1, 1, 0, -1):  # pixels that are left over: none, almost a step, one
        kernel, stride, steps = random.randint(4, 15), random.randint(3, 7), random.randint(5, 60)
        padding = random.randint(1, 3) if len(calls) > 2 else 0
        size = kernel + stride * steps + cut % stride - 2 * padding
        calls.append((size, kernel, stride, padding) if padding else (size, kernel, stride))
    size, kernel = random.randint(30, 99), random.randint(4, 15)
    return [*calls, (size, kernel), (kernel, kernel), (size, kernel, 1, random.randint(1, 3))]


def image_sides() -> list[Call]:
    """Sides of pictures for AlexNet, none of which the lesson mentions.

    Of each remainder by 4 there are two: the first convolution moves by 4, and other paddings give other sizes for some
    remainders only.
    """
    sides = [4 * random.randint(57, 99) + remainder for remainder in range(4) for _side in range(2)]
    return [(side,) for side in sides]


def convolutions() -> list[Call]:
    """Arguments of `conv_parameters`: channels, kernel, bias."""
    sizes = [(*numbers(2, 4, 300), kernel) for kernel in (random.randint(2, 13), random.randint(2, 13), 1)]
    return [sizes[0], (*sizes[1], False), sizes[2], (*numbers(2, 4, 300), random.randint(2, 13), True)]


def linear_layers() -> list[Call]:
    """Arguments of `linear_parameters`: features before and behind, which differ."""
    return [tuple(numbers(2, 20, 5000)) for _layer in range(3)]


def alexnets() -> list[Call]:
    """Arguments of `alexnet_parameters`: classes, channels, hidden neurons.

    The last network cannot be built, on no device: the first weight would take more bytes than 64 bits can count. The
    numbers themselves have less than 63 bits, so that a formula may use NumPy's integers.
    """
    huge = (
        random.randint(19, 900),
        (random.randint(64 * 10**14, 66 * 10**14), *numbers(4, 3, 9)),
        random.randint(12, 99),
    )
    small = [(random.randint(3, 99), tuple(numbers(5, 3, 40)), random.randint(12, 99)) for _net in range(2)]
    return [(random.randint(11, 900),), *small, huge]


def alexnet_channels() -> tuple[int, ...]:
    """Five numbers of maps for a small AlexNet: different ones, all even, none where the notebook's example has it."""
    while True:
        channels = numbers(5, 4, 16, 2)
        if all(drawn != shown for drawn, shown in zip(channels, (4, 6, 8, 10, 12), strict=True)):
            return tuple(channels)


def stacks() -> list[Call]:
    """Arguments of `stack_weights`: an odd side, channels."""
    return list(zip(numbers(4, 5, 41, 2), numbers(4, 3, 300), strict=True))


def receptive_fields() -> list[Call]:
    """Arguments of `receptive_field`: convolutions, side of the window."""
    depths = numbers(5, 5, 90)
    return [(depths[0],), (depths[1],), (depths[2], 1), (depths[3], 2), (depths[4], random.randrange(5, 30, 2))]


def plain_stacks() -> list[Call]:
    """Arguments of `stack_parameters`: channels, convolutions, side of the window."""
    channels, depths = numbers(5, 7, 600), numbers(3, 2, 30)
    usual: list[Call] = [(channels[0], depths[0]), (channels[1], 1)]
    return [*usual, (channels[2], depths[1], 1), (channels[3], 1, 5), (channels[4], depths[2], random.choice((7, 9)))]


def map_sides() -> list[Call]:
    """Arguments of `map_sizes`: side of the picture, blocks."""
    odd = numbers(3, 65, 513, 2)
    return [(32 * random.randint(8, 40),), (odd[0],), (odd[1], random.choice((3, 4))), (odd[2], 1)]


def depths_of_network(blocks: int, most: int = 32) -> list[int]:
    """Layers of each block of a network.

    One block has three at least, or a layer used twice would not be noticed; and not all have the same number, or one
    block's number used for all would not.
    """
    depths = [random.randint(1, most) for _block in range(blocks)]
    deepest = random.randrange(blocks)
    depths[deepest] = max(depths[deepest], min(3, most))
    other = (deepest + 1) % blocks
    if other != deepest and depths[other] == depths[deepest] > 1:
        depths[other] -= 1
    return depths
