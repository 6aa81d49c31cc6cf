"""Feature maps of different sizes, made to fit so that they can be added.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, section 3.3, option A: zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.functions import FunctionModule
from grader.checks.known_mistakes import Suspect, WrongFormula
from grader.language import _

Padding = Callable[[Tensor, int, int, int], Tensor]


def same_padding_mistakes() -> list[WrongFormula]:
    """Wrong paddings for a convolution with stride 1 that keeps the size."""
    return [
        WrongFormula(lambda size: size - 1, _("This is what both edges need together; `padding` is counted per edge.")),
        WrongFormula(lambda size: size, _("With `padding` as large as the kernel the map grows.")),
        WrongFormula(lambda size: (size + 1) // 2, _("This is one more than needed: the map grows by 2.")),
        WrongFormula(lambda size: 1, _("A padding of 1 fits the kernel 3x3 only.")),
    ]


def pad_to(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
    """Zeros around the maps and behind their channels: (N, C, H, W) -> (N, channels, height, width)."""
    below, right = height - maps.shape[2], width - maps.shape[3]
    edges = (right // 2, right - right // 2, below // 2, below - below // 2, 0, channels - maps.shape[1])
    return F.pad(maps, edges)


def pad_to_mistakes(channels: int, height: int, width: int) -> list[Suspect]:
    """Other ways to get the right shape."""
    return [
        Suspect(partial(_padded_module, pad, channels, height, width), message) for pad, message in _wrong_paddings()
    ]


def _padded_module(pad: Padding, channels: int, height: int, width: int) -> nn.Module:
    return FunctionModule(lambda maps: pad(maps, channels, height, width))


def _padding(edge: Callable[[int], int], front: Callable[[int], int], value: float = 0.0) -> Padding:
    """A padding with so much of what is missing at the top and on the left, and in front of the channels."""

    def pad(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
        missing = [width - maps.shape[3], height - maps.shape[2]]
        edges = [number for m in missing for number in (edge(m), m - edge(m))]
        more = channels - maps.shape[1]
        return F.pad(maps, [*edges, front(more), more - front(more)], value=value)

    return pad


def _replicated(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
    below, right = height - maps.shape[2], width - maps.shape[3]
    grown = F.pad(maps, (right // 2, right - right // 2, below // 2, below - below // 2), mode="replicate")
    return F.pad(grown, (0, 0, 0, 0, 0, channels - maps.shape[1]))


def _stretched(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
    return pad_to(F.interpolate(maps, (height, width)), channels, height, width)


def _wrong_paddings() -> list[tuple[Padding, str]]:
    half, none, everything = (lambda m: m // 2), (lambda m: 0), (lambda m: m)
    one_corner = _("The maps lie in a corner of the larger ones; the zeros belong on both sides, half on each.")
    zeros = _("The new places are not filled with zeros.")
    return [
        (_padding(none, none), one_corner),
        (_padding(everything, none), one_corner),
        (
            _padding(half, everything),
            _("The new channels are in front of the old ones; they belong behind them."),
        ),
        (
            _padding(half, half),
            _("The new channels lie on both sides of the old ones; all of them belong behind."),
        ),
        (
            _padding(lambda m: m - m // 2, none),
            _("Where an odd number of rows or columns is missing, the extra one is at the bottom or on the right."),
        ),
        (_padding(half, none, value=1.0), zeros),
        (_replicated, zeros),
        (
            _stretched,
            _("The maps were stretched; their numbers stay as they are, and zeros come around them."),
        ),
    ]


def add_maps(first: Tensor, second: Tensor) -> Tensor:
    """The sum after both were padded to the larger number of channels, height and width."""
    return _combined(torch.add, pad_to, first, second)


def _combined(combine: Callable[[Tensor, Tensor], Tensor], pad: Padding, first: Tensor, second: Tensor) -> Tensor:
    channels, height, width = (max(pair) for pair in zip(first.shape[1:], second.shape[1:], strict=True))
    return combine(pad(first, channels, height, width), pad(second, channels, height, width))


def add_maps_mistakes() -> list[Suspect]:
    """Sums of the right shape that are wrong, those of a wrong padding too."""
    wrong: list[tuple[Callable[[Tensor, Tensor], Tensor], str]] = [
        (lambda a, b: a, _("The second maps are not in the sum.")),
        (lambda a, b: b, _("The first maps are not in the sum.")),
        (lambda a, b: a + a, _("The first maps are added to themselves.")),
        (lambda a, b: b + b, _("The second maps are added to themselves.")),
        (lambda a, b: a - b, _("The maps are subtracted.")),
        (lambda a, b: b - a, _("The maps are subtracted.")),
        (lambda a, b: a * b, _("The maps are multiplied.")),
    ]
    functions = [(partial(_combined, combine, pad_to), message) for combine, message in wrong]
    functions += [(partial(_combined, torch.add, pad), message) for pad, message in _wrong_paddings()]
    return [Suspect(partial(FunctionModule, function), message) for function, message in functions]
