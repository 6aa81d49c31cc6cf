"""VGG's block that is right, and the ways in which students get it wrong.

Source: Simonyan, Zisserman 2014, Very Deep Convolutional Networks for Large-Scale Image Recognition, section 2.1;
BatchNorm as torchvision has it in `vgg11_bn` and its sisters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode, require_module
from grader.checks.known_mistakes import Suspect
from grader.checks.shapes import has_shape
from grader.errors import CheckFailed
from grader.language import _


def max_pool() -> nn.Module:
    """The pooling at the end of a block."""
    return nn.MaxPool2d(2)


def vgg_block(depth: int, in_channels: int, out_channels: int, batch_norm: bool = False) -> nn.Module:
    """The block that is right: (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)."""
    return block_with(depth, in_channels, out_channels, batch_norm)


def block_with(
    depth: int,
    in_channels: int,
    out_channels: int,
    batch_norm: bool,
    *,
    order: str = "conv norm relu",
    relu_after: Iterable[int] | None = None,
    norm_after: Iterable[int] | None = None,
    pool: Callable[[], nn.Module] = max_pool,
    shares: str = "",
    first_apart: bool = False,
) -> nn.Sequential:
    """A block; the options make the mistakes.

    Args:
        depth: number of convolutions.
        in_channels: channels of the input.
        out_channels: channels of the output.
        batch_norm: whether there are any norms.
        order: order of operations around one convolution.
        relu_after: numbers of the convolutions that have a ReLU; all if left out.
        norm_after: numbers of the convolutions that have a norm; all if left out.
        pool: makes the last layer.
        shares: kinds of layers, "conv" and "norm", of which one object serves wherever its shape fits.
        first_apart: the first convolution and its norm have objects of their own all the same.
    """
    with_relu = set(range(depth) if relu_after is None else relu_after)
    with_norm = set(range(depth) if norm_after is None else norm_after) if batch_norm else set()
    made: dict[tuple[str, int, bool], nn.Module] = {}
    layers = []
    for index in range(depth):
        given = in_channels if index == 0 else out_channels
        for kind in order.split():
            if kind == "conv":
                layer: nn.Module = nn.Conv2d(given, out_channels, 3, padding=1, bias=not batch_norm)
                width = given
            elif kind == "norm" and index in with_norm:
                width = out_channels if order.index("conv") < order.index("norm") else given
                layer = nn.BatchNorm2d(width)
            elif kind == "relu" and index in with_relu:
                layer, width = nn.ReLU(), 0
            else:
                continue
            key = (kind, width, first_apart and index == 0)
            layers.append(made.setdefault(key, layer) if kind in shares.split() else layer)
    return nn.Sequential(*layers, pool())


def vgg_block_mistakes(depth: int, in_channels: int, out_channels: int, batch_norm: bool = False) -> list[Suspect]:
    """Blocks that are wrong in a known way; the shapes of input and output are right."""
    sizes = (depth, in_channels, out_channels, batch_norm)
    suspects = [
        Suspect(
            partial(block_with, *sizes, relu_after=()),
            _("There is no ReLU at all. A ReLU follows every convolution, and its result has to be used further on."),
        ),
        Suspect(
            partial(block_with, *sizes, order="relu conv norm"),
            _("ReLU stands before the convolution; it belongs after it."),
        ),
        Suspect(
            partial(block_with, *sizes, pool=partial(nn.AvgPool2d, 2)),
            _("The block ends with an average pooling; a maximum is expected."),
        ),
        Suspect(
            partial(block_with, *sizes, pool=partial(nn.MaxPool2d, 3, stride=2, padding=1)),
            _("The window of MaxPool is 3x3; VGG has 2x2 with stride 2."),
        ),
        Suspect(
            partial(block_with, depth, in_channels, out_channels, not batch_norm),
            _("There is no BatchNorm with `batch_norm=True`.")
            if batch_norm
            else _("There is a BatchNorm although `batch_norm` is False."),
        ),
    ]
    if depth > 1:
        suspects += _mistakes_of_depth(*sizes)
    return suspects + (_mistakes_of_norm(*sizes) if batch_norm else [])


def _mistakes_of_depth(depth: int, in_channels: int, out_channels: int, batch_norm: bool) -> list[Suspect]:
    sizes = (depth, in_channels, out_channels, batch_norm)
    repeated = [
        Suspect(
            partial(block_with, *sizes, shares=kinds, first_apart=first_apart),
            _("One convolution object is used several times, so its weights are shared. Make a new layer each time."),
        )
        for kinds in (("conv", "conv norm") if batch_norm else ("conv",))
        for first_apart in (False, True)
    ]
    return [
        *repeated,
        Suspect(
            partial(block_with, *sizes, relu_after=(0,)),
            _(
                "Only the first convolution is followed by a ReLU. If layers are added by name, each needs a name of "
                "its own: a second one with the same name replaces the first."
            ),
        ),
        Suspect(
            partial(block_with, *sizes, relu_after=(depth - 1,)),
            _("Only the last convolution is followed by a ReLU; every one of them needs it."),
        ),
        Suspect(
            partial(block_with, *sizes, relu_after=range(depth - 1)),
            _("The last convolution of the block is not followed by a ReLU."),
        ),
    ]


def _mistakes_of_norm(depth: int, in_channels: int, out_channels: int, batch_norm: bool) -> list[Suspect]:
    sizes = (depth, in_channels, out_channels, batch_norm)
    suspects = [
        Suspect(
            partial(block_with, *sizes, order="conv relu norm"),
            _("BatchNorm stands after ReLU; the order is convolution, BatchNorm, ReLU."),
        ),
        Suspect(
            partial(block_with, *sizes, order="norm conv relu"),
            _("BatchNorm stands before the convolution; the order is convolution, BatchNorm, ReLU."),
        ),
    ]
    if depth > 1:
        some = _("BatchNorm follows only some of the convolutions; with `batch_norm=True` it follows each.")
        suspects += [
            Suspect(partial(block_with, *sizes, norm_after=(0,)), some),
            Suspect(partial(block_with, *sizes, norm_after=(depth - 1,)), some),
            Suspect(partial(block_with, *sizes, norm_after=range(depth - 1)), some),
            Suspect(partial(block_with, *sizes, norm_after=range(1, depth)), some),
            *[
                Suspect(
                    partial(block_with, *sizes, shares="norm", first_apart=first_apart),
                    _("One BatchNorm object is used several times. Make a new one for every convolution."),
                )
                for first_apart in (False, True)
            ],
        ]
    return suspects


def halves_the_picture(block: object, depth: int, x: Tensor, channels: int) -> None:
    """A block of `depth` convolutions halves height and width, once.

    Args:
        block: the student's block.
        depth: number of its convolutions.
        x: its input, (N, C, H, W) with H = W, large enough for `depth` halvings.
        channels: expected channels of the output.

    Raises:
        CheckFailed: another shape; the message says which layer is likely to blame.
    """
    student = require_module(block)
    size = x.shape[-1]
    expected = (x.shape[0], channels, size // 2, size // 2)
    with mode(student, training=False), torch.no_grad():
        output = call(student, x, expected_shape=lambda: expected)
    known = {
        size: _("Nothing has made the picture smaller: is there a MaxPool at the end of the block?"),
        (size - 2 * depth) // 2: _("A convolution 3x3 without `padding=1` loses a pixel at every edge."),
    }
    if depth > 1:
        known[size // 2**depth] = _(
            "The picture was halved once for every convolution: MaxPool stands inside the loop, and belongs after it."
        )
    known.pop(size // 2, None)
    if output.dim() == len(expected) and output.shape[:2] == expected[:2] and output.shape[-1] in known:
        raise CheckFailed(
            _("The output has shape {found}, expected {expected}.").format(
                found=tuple(output.shape), expected=expected
            ),
            remedy=known[output.shape[-1]],
        )
    has_shape(output, expected)
