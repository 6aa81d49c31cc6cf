"""VGG in numbers: its table, sizes of maps, receptive fields and parameters, and the formulas that students get wrong.

Source: Simonyan, Zisserman 2014, table 1, and table 2 for the numbers of parameters.
"""

from __future__ import annotations

from grader.checks.known_mistakes import WrongFormula
from grader.errors import CheckFailed
from grader.language import _, grouped

# Table 1: convolutions in each of the five blocks; 64 channels in the first, doubled until there are 512.
_DEPTHS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_CHANNELS = (64, 128, 256, 512, 512)


def vgg_config(number: int) -> list[tuple[int, int]]:
    """Pairs (convolutions, channels) of the five blocks of VGG-11, 13, 16 or 19."""
    return list(zip(_DEPTHS[number], _CHANNELS, strict=True))


def map_sizes(image_size: int, blocks: int = 5) -> list[int]:
    """Side of the square maps after each block; a pooling leaves out an odd pixel at the edge."""
    return [image_size // 2**index for index in range(1, blocks + 1)]


def receptive_field(depth: int, kernel_size: int = 3) -> int:
    """Side of the square of pixels that `depth` convolutions of stride 1 see."""
    return 1 + depth * (kernel_size - 1)


def receptive_field_mistakes() -> list[WrongFormula]:
    """Formulas that students write instead."""
    return [
        WrongFormula(
            lambda depth, kernel_size=3: depth * kernel_size,
            _("The windows of neighbours overlap: each further convolution adds less than its whole window."),
        ),
        WrongFormula(
            lambda depth, kernel_size=3: kernel_size**depth,
            _("The sides of the windows are not multiplied: each further convolution adds to the field."),
        ),
        WrongFormula(
            lambda depth, kernel_size=3: depth * (kernel_size - 1),
            _("The pixel from which the field grows is not counted: without any convolution the field is 1."),
        ),
        WrongFormula(
            lambda depth, kernel_size=3: 1 + 2 * depth,
            _("The size of the window takes no part: this is right for windows of 3x3 only."),
        ),
        WrongFormula(
            lambda depth, kernel_size=3: (1 + depth * (kernel_size - 1)) ** 2,
            _("This is the number of pixels in the field. Its side is asked for."),
        ),
    ]


def stack_parameters(channels: int, depth: int, kernel_size: int = 3) -> int:
    """Weights and biases of `depth` convolutions with equally many channels before and after."""
    return depth * (kernel_size**2 * channels**2 + channels)


def stack_parameters_mistakes() -> list[WrongFormula]:
    """Formulas that students write instead."""
    return [
        WrongFormula(
            lambda c, depth, k=3: depth * k**2 * c**2,
            _("The biases are missing: every output channel of every convolution has one."),
        ),
        WrongFormula(
            lambda c, depth, k=3: depth * (k**2 * c**2 + 1),
            _("A convolution has one bias for each output channel, and not one in all."),
        ),
        WrongFormula(
            lambda c, depth, k=3: depth * k**2 * c**2 + c,
            _("The biases of one convolution are counted, and each of them has its own."),
        ),
        WrongFormula(
            lambda c, depth, k=3: k**2 * c**2 + c,
            _("These are the parameters of one convolution; there are `depth` of them."),
        ),
        WrongFormula(
            lambda c, depth, k=3: depth * (k**2 * c + c),
            _("An output channel looks at all input channels, and has a window of weights for each."),
        ),
        WrongFormula(
            lambda c, depth, k=3: depth * (k * c**2 + c),
            _("A window has `kernel_size` times `kernel_size` weights."),
        ),
        WrongFormula(
            lambda c, depth, k=3: depth * (9 * c**2 + c),
            _("The size of the window takes no part: this is right for windows of 3x3 only."),
        ),
    ]


def map_sizes_mistakes() -> list[WrongFormula]:
    """Formulas that students write instead."""

    def not_whole(image_size: int, blocks: int = 5) -> list[float]:
        return [image_size / 2**index for index in range(1, blocks + 1)]

    def rounded_up(image_size: int, blocks: int = 5) -> list[int]:
        return [-(-image_size // 2**index) for index in range(1, blocks + 1)]

    def with_the_picture(image_size: int, blocks: int = 5) -> list[int]:
        return [image_size // 2**index for index in range(blocks)]

    def always_five(image_size: int, blocks: int = 5) -> list[int]:
        return map_sizes(image_size)

    whole = _("A map has a whole number of rows: MaxPool leaves the odd one out, so divide by `//`.")
    return [
        WrongFormula(not_whole, whole),
        WrongFormula(rounded_up, whole),
        WrongFormula(with_the_picture, _("The list begins with the size after the first block, not with the picture.")),
        WrongFormula(always_five, _("The argument `blocks` takes no part: the list has one number for each block.")),
    ]


def counts_are_published(counts: object, number: int, batch_norm: bool = False) -> None:
    """A VGG for pictures of 224 pixels and 1000 classes has the published number of parameters.

    Args:
        counts: numbers in the weights of convolutions, in the weights of linear layers, and in all the rest (biases and
            BatchNorm), as the student's network has them.
        number: 11, 13, 16 or 19.
        batch_norm: with BatchNorm; then convolutions may or may not have a bias.

    Raises:
        CheckFailed: other numbers; the message says in which part. The right ones are the same in every run, so it does
            not say them.
    """
    right, conv_biases = _published(number, batch_norm)
    if not (isinstance(counts, list | tuple) and len(counts) == len(right) and all(type(n) is int for n in counts)):
        raise CheckFailed(_("The parameters of your VGG-{number} could not be counted.").format(number=number))
    parts = (
        _("weights of the convolutions"),
        _("weights of the linear layers"),
        _("biases and BatchNorm together"),
    )
    allowed = (right[0], right[1], range(right[2] - conv_biases, right[2] + 1) if batch_norm else right[2])
    for part, found, expected in zip(parts, counts, allowed, strict=True):
        if found == expected or (isinstance(expected, range) and found in expected):
            continue
        wanted = expected[-1] if isinstance(expected, range) else expected
        text = (
            _("VGG-{number}, {part}: {found} numbers, which is too many.")
            if found > wanted
            else _("VGG-{number}, {part}: {found} numbers, which is too few.")
        )
        raise CheckFailed(
            text.format(number=number, part=part, found=grouped(found)),
            remedy=_("Check `vgg_config` and the sizes of the layers, and print the shapes of the parameters."),
        )


def _published(number: int, batch_norm: bool) -> tuple[tuple[int, int, int], int]:
    """The numbers of the three parts, and how many of the last are biases of convolutions."""
    weights = biases = 0
    in_channels = 3
    for depth, channels in vgg_config(number):
        for _index in range(depth):
            weights += 9 * in_channels * channels
            biases += channels
            in_channels = channels
    linear = 7 * 7 * 512 * 4096 + 4096 * 4096 + 4096 * 1000
    return (weights, linear, biases * (3 if batch_norm else 1) + 4096 + 4096 + 1000), biases
