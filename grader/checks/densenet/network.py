"""The dense network that is right, and the ways in which students get it wrong.

Source: Huang, Liu, van der Maaten, Weinberger 2017, Densely Connected Convolutional Networks, table 1 (DenseNet-BC:
bottleneck in the layers, transitions that halve the maps).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import nn

from grader.checks.densenet.block import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    ORDERS,
    DenseBlock,
    Order,
    Transition,
    wrong_transitions,
)
from grader.checks.densenet.layer import DenseLayer, LayerFactory, wrong_layers
from grader.checks.known_mistakes import Suspect
from grader.language import _

DENSENET121 = (6, 12, 24, 16)


def densenet(
    depths: Sequence[int],
    num_classes: int = 1000,
    growth_rate: int = 32,
    init_channels: int = 64,
    order: Order = OLDEST_FIRST,
    *,
    layer: LayerFactory = DenseLayer,
    transition: Callable[..., nn.Module] = Transition,
    pool: type[nn.Module] = nn.AdaptiveAvgPool2d,
    without_in_stem: type[nn.Module] | None = None,
    tail: Callable[[int], list[nn.Module]] | None = None,
) -> nn.Sequential:
    """Dense blocks with transitions between them: images (N, 3, H, W) -> logits (N, num_classes)."""
    stem = [
        nn.Conv2d(3, init_channels, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(init_channels),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    parts: list[nn.Module] = [part for part in stem if without_in_stem is None or not isinstance(part, without_in_stem)]
    channels = init_channels
    for index, depth in enumerate(depths):
        if index > 0:
            parts.append(transition(channels, channels // 2))
            channels //= 2
        parts.append(DenseBlock(channels, growth_rate, depth, order, layer))
        channels += depth * growth_rate
    parts += [nn.BatchNorm2d(channels), nn.ReLU()] if tail is None else tail(channels)
    return nn.Sequential(*parts, pool(1), nn.Flatten(), nn.Linear(channels, num_classes))


def weight_layers(depths: Sequence[int]) -> int:
    """Number of convolutions and linear layers, from which the network has its name."""
    parts = densenet(depths, num_classes=2, growth_rate=1, init_channels=2).modules()
    return sum(isinstance(part, nn.Conv2d | nn.Linear) for part in parts)


class _Unused(nn.BatchNorm2d):
    """A BatchNorm that is declared and does nothing."""

    def forward(self, input: object) -> object:  # type: ignore[override]
        return input


def densenets(
    depths: Sequence[int], num_classes: int, growth_rate: int, init_channels: int
) -> list[Callable[[], nn.Module]]:
    """The networks that are right, one for each order of the maps in a block."""
    return [partial(densenet, depths, num_classes, growth_rate, init_channels, order) for order in ORDERS]


def densenet_mistakes(depths: Sequence[int], num_classes: int, growth_rate: int, init_channels: int) -> list[Suspect]:
    """Networks that are wrong in a known way; the shapes of input and output are right."""
    softmax = _("There is a softmax at the end: the loss applies it again, so return the logits.")
    suspects = []
    for order in (OLDEST_FIRST, NEWEST_FIRST):
        build = partial(densenet, depths, num_classes, growth_rate, init_channels, order)
        suspects += [
            Suspect(partial(build, tail=lambda _n: []), _("There is no BatchNorm and no ReLU after the last block.")),
            Suspect(
                partial(build, tail=lambda n: [nn.BatchNorm2d(n)]), _("There is no ReLU after the last BatchNorm.")
            ),
            Suspect(partial(build, tail=lambda _n: [nn.ReLU()]), _("There is no BatchNorm after the last block.")),
            Suspect(
                partial(build, tail=lambda n: [_Unused(n), nn.ReLU()]),
                _("The last BatchNorm is declared and never called."),
            ),
            Suspect(
                partial(build, tail=lambda n: [_Unused(n)]),
                _("The last BatchNorm is declared and never called, and there is no ReLU after it."),
            ),
            Suspect(
                partial(build, tail=lambda n: [nn.ReLU(), nn.BatchNorm2d(n)]),
                _("After the last block ReLU comes before BatchNorm; it has to be the other way round."),
            ),
            Suspect(partial(build, without_in_stem=nn.ReLU), _("There is no ReLU in the stem of the network.")),
            Suspect(partial(build, without_in_stem=nn.MaxPool2d), _("There is no MaxPool in the stem of the network.")),
            Suspect(
                partial(build, without_in_stem=nn.BatchNorm2d), _("There is no BatchNorm in the stem of the network.")
            ),
            Suspect(
                partial(build, pool=nn.AdaptiveMaxPool2d),
                _("The maximum over the picture is taken before the linear layer instead of the mean."),
            ),
            Suspect(partial(_followed, build, nn.Softmax(1)), softmax),
            Suspect(partial(_followed, build, nn.LogSoftmax(1)), softmax),
            Suspect(
                partial(_followed, build, nn.ReLU()),
                _("There is a ReLU after the last linear layer: logits may be negative."),
            ),
        ]
    build = partial(densenet, depths, num_classes, growth_rate, init_channels)
    suspects += [Suspect(partial(build, layer=layer), text) for layer, text in wrong_layers()]
    suspects += [Suspect(partial(build, transition=wrong), text) for wrong, text in wrong_transitions()]
    return suspects


def _followed(build: Callable[[], nn.Module], last: nn.Module) -> nn.Module:
    return nn.Sequential(build(), last)
