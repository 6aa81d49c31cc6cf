"""The dense block and the transition that are right, and the ways in which students get them wrong.

Source: Huang, Liu, van der Maaten, Weinberger 2017, Densely Connected Convolutional Networks, section 3 and table 1.
The order in which a block keeps its maps is free: another order is the same function with permuted weights. So there
are several right blocks, see `grader.checks.one_of`.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import torch
from torch import Tensor, nn

from grader.checks.calling import require_module
from grader.checks.comparing import OUTPUT_TOLERANCE, distance
from grader.checks.densenet.layer import (
    DenseLayer,
    LayerFactory,
    batch_has_grown,
    called_densely,
    input_is_lost,
    wrong_layers,
)
from grader.checks.known_mistakes import Suspect
from grader.checks.shapes import has_shape
from grader.errors import CheckFailed
from grader.language import _

Join = Callable[[Sequence[Tensor]], Tensor]
Order = tuple[Join, Join]  # of what the layers read, and of the block's output


def _oldest_first(maps: Sequence[Tensor]) -> Tensor:
    return torch.cat(tuple(maps), 1)


def _newest_first(maps: Sequence[Tensor]) -> Tensor:
    return torch.cat(tuple(maps[::-1]), 1)


def _input_then_newest_first(maps: Sequence[Tensor]) -> Tensor:
    return torch.cat((maps[0], *maps[:0:-1]), 1)


OLDEST_FIRST: Order = (_oldest_first, _oldest_first)
NEWEST_FIRST: Order = (_newest_first, _newest_first)
_JOINS: list[Join] = [_oldest_first, _newest_first, _input_then_newest_first]
# The usual ones first: `torch.cat((x, new), 1)` and `torch.cat((new, x), 1)` in the loop.
ORDERS: list[Order] = [OLDEST_FIRST, NEWEST_FIRST]
ORDERS += [order for order in product(_JOINS, _JOINS) if order not in ORDERS]


class DenseBlock(nn.Module):
    """The block that is right, or a block of other layers."""

    def __init__(
        self,
        in_channels: int,
        growth_rate: int,
        num_layers: int,
        order: Order = OLDEST_FIRST,
        layer: LayerFactory = DenseLayer,
    ) -> None:
        super().__init__()
        self.order = order
        widths = range(in_channels, in_channels + num_layers * growth_rate, growth_rate)
        self.layers = nn.ModuleList(layer(width, growth_rate) for width in widths)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, in_channels + num_layers * growth_rate, H, W)."""
        read, joined = self.order
        maps = [x]
        for layer in self.layers:
            maps.append(layer(read(maps)))
        return joined(maps)


class _Reading(nn.Module):
    """A block whose layers do not read all maps; the output has all of them."""

    def __init__(self, in_channels: int, growth_rate: int, num_layers: int, *, only_input: bool) -> None:
        super().__init__()
        self.only_input = only_input
        widths = [in_channels] + [in_channels if only_input else growth_rate] * (num_layers - 1)
        self.layers = nn.ModuleList(DenseLayer(width, growth_rate) for width in widths)

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for layer in self.layers:
            maps.append(layer(x if self.only_input else maps[-1]))
        return _oldest_first(maps)


def dense_blocks(in_channels: int, growth_rate: int, num_layers: int) -> list[Callable[[], nn.Module]]:
    """The blocks that are right: (N, in_channels, H, W) -> (N, in_channels + num_layers * growth_rate, H, W)."""
    return [partial(DenseBlock, in_channels, growth_rate, num_layers, order) for order in ORDERS]


def dense_block_mistakes(in_channels: int, growth_rate: int, num_layers: int) -> list[Suspect]:
    """Blocks that are wrong in a known way; the shapes of input and output are right."""
    sizes = (in_channels, growth_rate, num_layers)
    suspects = [
        Suspect(partial(DenseBlock, *sizes, order, layer), text)
        for order in (OLDEST_FIRST, NEWEST_FIRST)
        for layer, text in wrong_layers()
    ]
    if num_layers == 1:
        return suspects
    reads_input = _("Every layer reads the block's input only; it has to read all the maps that there are before it.")
    reads_last = _("Every layer reads the new maps of the one before it only; it has to read all the maps before it.")
    return [
        *suspects,
        Suspect(partial(_Reading, *sizes, only_input=True), reads_input),
        Suspect(partial(_Reading, *sizes, only_input=False), reads_last),
    ]


def keeps_every_map(block: object, x: Tensor, growth_rate: int, num_layers: int) -> None:
    """The block returns its input and the new maps of all layers, in any order.

    Args:
        block: the student's block.
        x: what it is called on, (N, in_channels, H, W).
        growth_rate: new maps of a layer.
        num_layers: number of layers.

    Raises:
        CheckFailed: another shape, or the input is not among the maps as it was.
    """
    output = called_densely(require_module(block), x)
    grown = batch_has_grown(output, x)
    if grown is not None:
        raise grown
    in_channels = x.shape[1]
    expected = in_channels + num_layers * growth_rate
    if output.dim() == x.dim() and output.shape[1] != expected and output.shape[2:] == x.shape[2:]:
        raise CheckFailed(
            _(
                "{given} maps came in, {num_layers} layers added {growth_rate} each, so {expected} go out; the block "
                "returned {found}."
            ).format(
                given=in_channels,
                num_layers=num_layers,
                growth_rate=growth_rate,
                expected=expected,
                found=output.shape[1],
            ),
            remedy=_what_is_missing(output.shape[1], in_channels, growth_rate, num_layers),
        )
    has_shape(output, (x.shape[0], expected, *x.shape[2:]))
    places = (output[:, start : start + in_channels] for start in range(expected - in_channels + 1))
    if not any(distance(place, x) <= OUTPUT_TOLERANCE for place in places):
        raise input_is_lost()


def _what_is_missing(found: int, in_channels: int, growth_rate: int, num_layers: int) -> str:
    if found == num_layers * growth_rate:
        return _("The block's own input is missing: it is concatenated too.")
    if found == in_channels:
        return _("The new maps are missing: concatenate them with those that there are.")
    if found == in_channels + growth_rate:
        return _("Only one layer has added its maps: is there a `return` inside the loop?")
    if found == growth_rate:
        return _("These are the new maps of one layer: return all that were collected.")
    return ""


class Transition(nn.Module):
    """The transition that is right: (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        norm: bool = True,
        relu: bool = True,
        pool: type[nn.Module] = nn.AvgPool2d,
        kernel_size: int = 1,
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels) if norm else nn.Identity()
        self.relu = nn.ReLU() if relu else nn.Identity()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
        self.pool = pool(2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)."""
        return self.pool(self.conv(self.relu(self.norm(x))))


class _ReluBeforeNorm(Transition):
    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.conv(self.norm(self.relu(x))))


class _NormUnused(Transition):
    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.conv(self.relu(x)))


class _ReluAfterConv(Transition):
    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.relu(self.conv(self.norm(x))))


class _ConvFirst(Transition):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.relu(self.norm(self.conv(x))))


def transition(in_channels: int, out_channels: int) -> nn.Module:
    """The transition that is right: (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)."""
    return Transition(in_channels, out_channels)


def wrong_transitions() -> list[tuple[Callable[..., nn.Module], str]]:
    """Transitions that are wrong in a known way, called as `(in_channels, out_channels)`, and what to say of them."""
    return [
        (partial(Transition, relu=False), _("There is no ReLU in the transition: it comes after BatchNorm.")),
        (partial(Transition, norm=False), _("There is no BatchNorm in the transition: it begins with one.")),
        (
            partial(Transition, pool=nn.MaxPool2d),
            _("The transition takes the maximum of every four pixels; it has to take their mean."),
        ),
        (partial(Transition, kernel_size=3), _("The transition has a 3x3 convolution; a 1x1 one is expected.")),
        (
            _ReluBeforeNorm,
            _("ReLU comes before BatchNorm. The transition's order is BatchNorm, ReLU, convolution, pooling."),
        ),
        (
            _ReluAfterConv,
            _("ReLU comes after the convolution. The transition's order is BatchNorm, ReLU, convolution, pooling."),
        ),
        (_NormUnused, _("The BatchNorm of the transition is declared and never called.")),
        (
            _ConvFirst,
            _("The transition begins with its convolution. The order is BatchNorm, ReLU, convolution, pooling."),
        ),
    ]


def transition_mistakes(in_channels: int, out_channels: int) -> list[Suspect]:
    """Transitions that are wrong in a known way; the shapes of input and output are right."""
    return [Suspect(partial(build, in_channels, out_channels), text) for build, text in wrong_transitions()]
