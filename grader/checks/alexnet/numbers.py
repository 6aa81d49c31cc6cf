"""The formulas of the AlexNet lesson, sizes of maps and numbers of parameters, and the ways to get them wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import nn

from grader.checks.alexnet.network import GRID, SIDE
from grader.checks.functions import same_results
from grader.checks.known_mistakes import WrongFormula
from grader.checks.values import shown_number
from grader.errors import CheckFailed
from grader.language import _


def conv_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Side of the map after a convolution or a pooling."""
    return (size + 2 * padding - kernel) // stride + 1


def conv_output_size_mistakes() -> list[WrongFormula]:
    """Wrong formulas of the same arguments."""
    return [
        WrongFormula(
            lambda size, kernel, stride=1, padding=0: (size + 2 * padding - kernel) // stride,
            _("Is the 1 added? The kernel has its first place before it makes a single step."),
        ),
        WrongFormula(
            lambda size, kernel, stride=1, padding=0: (size + padding - kernel) // stride + 1,
            _("Padding adds pixels on both sides: 2 * padding."),
        ),
        WrongFormula(lambda size, kernel, stride=1, padding=0: (size - kernel) // stride + 1, _("Where is `padding`?")),
        WrongFormula(
            lambda size, kernel, stride=1, padding=0: (size + 2 * padding - kernel) / stride + 1,
            _("A last step that does not fit is not made: round down with `//`."),
        ),
        WrongFormula(
            lambda size, kernel, stride=1, padding=0: -(-(size + 2 * padding - kernel) // stride) + 1,
            _("A last step that does not fit is not made: round down, not up."),
        ),
        WrongFormula(
            lambda size, kernel, stride=1, padding=0: round((size + 2 * padding - kernel) / stride) + 1,
            _("A last step that does not fit is not made: round down, not to the nearest number."),
        ),
        WrongFormula(
            lambda size, kernel, stride=1, padding=0: (size + 2 * padding - kernel + 1) // stride,
            _("First divide by the stride, then add 1."),
        ),
        WrongFormula(
            lambda size, kernel, stride=1, padding=0: size + 2 * padding - kernel + 1, _("Where is `stride`?")
        ),
    ]


def alexnet_sizes(size: int = SIDE) -> list[int]:
    """Sides of the map after each of the five convolutions and three poolings."""
    sizes = []
    for kernel, stride, padding in _WINDOWS:
        size = conv_output_size(size, kernel, stride, padding)
        sizes.append(size)
    return sizes


_WINDOWS = [(11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0), (3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2, 0)]


def alexnet_sizes_mistakes() -> list[WrongFormula]:
    """Wrong lists of sides."""

    def with_window(place: int, window: tuple[int, int, int]) -> Callable[..., list[int]]:
        def sizes(size: int = SIDE) -> list[int]:
            found = []
            for number, usual in enumerate(_WINDOWS):
                size = conv_output_size(size, *(window if number == place else usual))
                found.append(size)
            return found

        return sizes

    return [
        WrongFormula(lambda size=SIDE: [size, *alexnet_sizes(size)], _("Leave out the side of the picture itself.")),
        WrongFormula(
            lambda size=SIDE: [size, *alexnet_sizes(size)[:-1]],
            _("The list begins after the first convolution and ends after the last pooling."),
        ),
        WrongFormula(
            lambda size=SIDE: alexnet_sizes(size)[-1:], _("All eight sides are wanted, not the last one only.")
        ),
        WrongFormula(lambda size=SIDE: alexnet_sizes(SIDE), _("The sides do not depend on the argument `size`.")),
        WrongFormula(with_window(0, (11, 4, 2)), _("The first convolution has no padding here.")),
        WrongFormula(with_window(2, (5, 1, 0)), _("The second convolution has padding=2.")),
        WrongFormula(with_window(7, (3, 3, 0)), _("The last pooling has the stride 2.")),
    ]


def conv_parameters(in_channels: int, out_channels: int, kernel: int, bias: bool = True) -> int:
    """Number of trainable parameters of a convolution."""
    return out_channels * in_channels * kernel**2 + (out_channels if bias else 0)


def conv_parameters_mistakes() -> list[WrongFormula]:
    """Wrong formulas of the same arguments."""
    return [
        WrongFormula(
            lambda n_in, n_out, kernel, bias=True: n_out * n_in * kernel**2,
            _("Where is the bias? Each output channel has one number."),
        ),
        WrongFormula(
            lambda n_in, n_out, kernel, bias=True: n_out * (n_in * kernel**2 + 1),
            _("The bias is counted even with bias=False."),
        ),
        WrongFormula(
            lambda n_in, n_out, kernel, bias=True: n_out * n_in * kernel**2 + (n_in if bias else 0),
            _("There is one bias for each output channel, not for each input channel."),
        ),
        WrongFormula(
            lambda n_in, n_out, kernel, bias=True: n_out * n_in * kernel**2 + (1 if bias else 0),
            _("There is one bias for each output channel, not one for the layer."),
        ),
        WrongFormula(
            lambda n_in, n_out, kernel, bias=True: n_out * n_in * kernel + (n_out if bias else 0),
            _("The kernel is a square: kernel * kernel numbers for each pair of channels."),
        ),
        WrongFormula(
            lambda n_in, n_out, kernel, bias=True: n_out * kernel**2 + (n_out if bias else 0),
            _("A kernel reaches through all input channels: in_channels times as many numbers."),
        ),
    ]


def norm_parameters(channels: int) -> int:
    """Number of trainable parameters of a BatchNorm."""
    return 2 * channels


def norm_parameters_mistakes() -> list[WrongFormula]:
    """Wrong formulas of the same arguments."""
    return [
        WrongFormula(
            lambda channels: 4 * channels,
            _("The running mean and variance are computed, not learned: BatchNorm learns two numbers a channel."),
        ),
        WrongFormula(lambda channels: channels, _("BatchNorm learns two numbers per channel: a weight and a bias.")),
        WrongFormula(lambda channels: 2, _("BatchNorm learns a weight and a bias for every channel.")),
    ]


def linear_parameters(in_features: int, out_features: int) -> int:
    """Number of trainable parameters of a linear layer with bias."""
    return (in_features + 1) * out_features


def linear_parameters_mistakes() -> list[WrongFormula]:
    """Wrong formulas of the same arguments."""
    return [
        WrongFormula(lambda n_in, n_out: n_in * n_out, _("Where is the bias? Each output has one number.")),
        WrongFormula(
            lambda n_in, n_out: (n_out + 1) * n_in, _("There is one bias for each output, not for each input.")
        ),
    ]


def alexnet_parameters(
    num_classes: int = 1000, channels: Sequence[int] = (96, 256, 384, 384, 256), hidden: int = 4096
) -> int:
    """Number of trainable parameters of the whole net, every convolution with a bias."""
    return _parameters(num_classes, channels, hidden)


def counts_without_building(
    student: Callable[..., object], calls: Sequence[tuple[object, ...]], mistakes: Sequence[WrongFormula]
) -> None:
    """The student's `alexnet_parameters` gives the right numbers, and builds no network for it.

    Args:
        student: the student's function.
        calls: its arguments; with some of them nobody could build the network, see `drawing.alexnets`.
        mistakes: known wrong counts.

    Raises:
        CheckFailed: another number, or the network was built.
    """
    try:
        same_results(student, alexnet_parameters, calls, mistakes=mistakes)
    except CheckFailed as failure:
        if not _TOO_LARGE.search(failure.message):
            raise
        raise CheckFailed(
            failure.message,
            remedy=_(
                "This network is too large for any computer: PyTorch cannot make its layers. The task is to calculate "
                "the number without building the network."
            ),
        ) from failure


_TOO_LARGE = re.compile(r"Storage size|allocate|out of memory|MemoryError|overflow", re.I)


def full_size_weights_match(found: object) -> None:
    """The number of weights of AlexNet with its default arguments, without biases and BatchNorm.

    The first two convolutions may have a bias or not, and whatever holds the tensors, only weights have several axes.

    Raises:
        CheckFailed: another number.
    """
    channels, hidden = (96, 256, 384, 384, 256), 4096
    right = _parameters(1000, channels, hidden, norms=0, biases=False)
    if found != right:
        shown = shown_number(found) if isinstance(found, int | float) else str(found)[:40]
        raise CheckFailed(
            _(
                "`AlexNet()` has {found} weights, another number than expected (biases and BatchNorm are left out "
                "here)."
            ).format(found=shown),
            remedy=_("Are the default values those of the task, and are all layers there, and none besides?"),
        )


def full_size_matches(found: object) -> None:
    """The number of parameters of AlexNet with its default arguments, biases of convolutions left out.

    Hidden tests of classes released earlier ask it. These biases are left out because the first two convolutions may
    have one or not.

    Raises:
        CheckFailed: another number.
    """
    right = _parameters(1000, (96, 256, 384, 384, 256), 4096, conv_biases=False)
    if found != right:
        shown = shown_number(found) if isinstance(found, int | float) else str(found)[:40]
        raise CheckFailed(
            _(
                "`AlexNet()` has {found} parameters, another number than expected (biases of convolutions are left out "
                "here)."
            ).format(found=shown),
            remedy=_("Are the default values those of the task, and are all layers there, and none besides?"),
        )


def _parameters(
    num_classes: int,
    channels: Sequence[int],
    hidden: int,
    *,
    grid: int = GRID,
    norms: int = 2,
    per_channel: int = 2,
    biases: bool = True,
    conv_biases: bool = True,
) -> int:
    kernels = (11, 5, 3, 3, 3)
    total = 0
    for n_in, n_out, kernel in zip((3, *channels), channels, kernels, strict=False):
        total += conv_parameters(n_in, n_out, kernel, biases and conv_biases)
    total += sum(per_channel * number for number in channels[:norms])
    widths = (channels[4] * grid, hidden, hidden, num_classes)
    for n_in, n_out in pairwise(widths):
        total += n_in * n_out + (n_out if biases else 0)
    return total


def alexnet_parameters_mistakes() -> list[WrongFormula]:
    """Wrong counts of the same arguments."""

    def counted(**changes: int) -> Callable[..., int]:
        def formula(
            num_classes: int = 1000, channels: Sequence[int] = (96, 256, 384, 384, 256), hidden: int = 4096
        ) -> int:
            return _parameters(num_classes, channels, hidden, **changes)  # type: ignore[arg-type]

        return formula

    return [
        WrongFormula(counted(norms=0), _("The two BatchNorms are not counted.")),
        WrongFormula(counted(norms=5), _("A BatchNorm follows the first and the second convolution only.")),
        WrongFormula(
            counted(per_channel=4),
            _("The running mean and variance are computed, not learned: BatchNorm learns two numbers a channel."),
        ),
        WrongFormula(counted(biases=False), _("The biases of convolutions and linear layers are not counted.")),
        WrongFormula(
            counted(grid=1),
            _("The first linear layer reads every pixel of the last maps: 6 * 6 * channels[4] numbers."),
        ),
        WrongFormula(
            counted(grid=25),
            _("The last maps have 6 x 6 pixels; 5 x 5 is what images of 224 pixels would give."),
        ),
        WrongFormula(
            counted(grid=13 * 13),
            _("There is a pooling after the fifth convolution: the first linear layer reads maps of 6 x 6 pixels."),
        ),
        WrongFormula(
            lambda num_classes=1000, channels=None, hidden=4096: alexnet_parameters(),
            _("The count does not depend on the arguments."),
        ),
    ]


def stack_weights(side: int, channels: int) -> int:
    """Weights of convolutions 3x3 in a row, stride 1, that together see a square of side x side pixels."""
    return (side - 1) // 2 * 9 * channels**2


def stack_weights_mistakes() -> list[WrongFormula]:
    """Wrong formulas of the same arguments."""
    return [
        WrongFormula(
            lambda side, channels: side**2 * channels**2,
            _("That is one large convolution; a stack of 3x3 ones is asked for."),
        ),
        WrongFormula(
            lambda side, channels: side // 3 * 9 * channels**2,
            _("The squares overlap: the first convolution sees 3 pixels, each further one adds 2."),
        ),
        WrongFormula(
            lambda side, channels: (side // 2 + 1) * 9 * channels**2,
            _("One convolution too many: the first sees 3 pixels at once, each further one adds 2."),
        ),
        WrongFormula(
            lambda side, channels: (side // 2 - 1) * 9 * channels**2,
            _("One convolution too few: the first sees 3 pixels, each further one adds 2."),
        ),
        WrongFormula(
            lambda side, channels: side // 2 * (9 * channels**2 + channels), _("Weights only: leave the biases out.")
        ),
        WrongFormula(
            lambda side, channels: side // 2 * 9 * channels,
            _("Each output channel has a kernel for each input channel: channels * channels kernels."),
        ),
        WrongFormula(
            lambda side, channels: side // 2 * 9,
            _("Each output channel has a kernel for each input channel: channels * channels kernels."),
        ),
    ]


def counted_probe(channels: int, width: int) -> nn.Module:
    """The module on which a student's count is tried; the notebook shows one with the same layers."""
    return nn.Sequential(
        nn.Conv2d(3, channels, 3, bias=False), nn.BatchNorm2d(channels), nn.Flatten(), nn.Linear(channels, width)
    )


def count_parameters_mistakes(build: Callable[..., nn.Module]) -> list[WrongFormula]:
    """Wrong ways to count the learnable numbers of a module that `build` makes from the arguments."""
    return [
        WrongFormula(
            lambda *sizes: sum(tensor.numel() for tensor in build(*sizes).state_dict().values()),
            _("Buffers are counted too: the running statistics of BatchNorm are not learned. `parameters()` has none."),
        ),
        WrongFormula(
            lambda *sizes: len(list(build(*sizes).parameters())),
            _("That is the number of tensors; the numbers inside them are wanted: `numel()`."),
        ),
        WrongFormula(
            lambda *sizes: sum(tensor.numel() for tensor in build(*sizes).parameters() if tensor.dim() > 1),
            _("Only the large weights are counted: biases and the parameters of BatchNorm are learned too."),
        ),
        WrongFormula(
            lambda *sizes: sum(len(tensor) for tensor in build(*sizes).parameters()),
            _("`len` counts along the first axis only: use `numel()`."),
        ),
    ]
