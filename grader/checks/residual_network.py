"""The residual network that is right, and the ways in which students get it wrong.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from grader.checks.residual import basic_block
from grader.checks.suspects import Suspect
from grader.language import _


def resnet(depths: Sequence[int], num_classes: int, width: int = 64) -> nn.Sequential:
    """Four stages of basic blocks: images (N, 3, H, W) -> logits (N, num_classes)."""
    return nn.Sequential(*_stem(width), *_stages(depths, width), *_head(depths, num_classes, width))


def _stem(width: int, *, without: type[nn.Module] | None = None) -> list[nn.Module]:
    convolution = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
    layers = [convolution, nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1)]
    return [layer for layer in layers if without is None or not isinstance(layer, without)]


def _stages(depths: Sequence[int], width: int, first_stride: int = 1) -> list[nn.Module]:
    blocks: list[nn.Module] = []
    in_channels = width
    for index, depth in enumerate(depths):
        out_channels = width * 2**index
        blocks.append(basic_block(in_channels, out_channels, stride=first_stride if index == 0 else 2))
        blocks += [basic_block(out_channels, out_channels) for _block in range(depth - 1)]
        in_channels = out_channels
    return blocks


def _head(
    depths: Sequence[int], num_classes: int, width: int, pool: type[nn.Module] = nn.AdaptiveAvgPool2d
) -> list[nn.Module]:
    return [pool(1), nn.Flatten(), nn.Linear(width * 2 ** (len(depths) - 1), num_classes)]


def resnet_mistakes(depths: Sequence[int], num_classes: int, width: int = 64) -> list[Suspect]:
    """Networks that are wrong in a known way; the shapes of input and output are right."""

    def without(kind: type[nn.Module]) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(
            *_stem(width, without=kind), *_stages(depths, width), *_head(depths, num_classes, width)
        )

    def followed_by(kind: type[nn.Module], **options: int) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(*resnet(depths, num_classes, width), kind(**options))

    def with_parts(first_stride: int = 1, pool: type[nn.Module] = nn.AdaptiveAvgPool2d) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(
            *_stem(width), *_stages(depths, width, first_stride), *_head(depths, num_classes, width, pool)
        )

    softmax = _("There is a softmax at the end: the loss applies it again, so return the logits.")
    return [
        Suspect(without(nn.ReLU), _("There is no ReLU in the stem of the network.")),
        Suspect(without(nn.MaxPool2d), _("There is no MaxPool in the stem of the network.")),
        Suspect(without(nn.BatchNorm2d), _("There is no BatchNorm in the stem of the network.")),
        Suspect(followed_by(nn.Softmax, dim=1), softmax),
        Suspect(followed_by(nn.LogSoftmax, dim=1), softmax),
        Suspect(followed_by(nn.ReLU), _("There is a ReLU after the last linear layer: logits may be negative.")),
        Suspect(
            with_parts(pool=nn.AdaptiveMaxPool2d),
            _("The maximum over the picture is taken before the linear layer instead of the mean."),
        ),
        Suspect(
            with_parts(first_stride=2),
            _("The first stage has a stride of 2; its stride is 1, because the stem has made the picture smaller."),
        ),
    ]
