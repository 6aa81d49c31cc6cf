"""VGG's classifier and the whole network that are right, and the ways in which students get them wrong.

Source: Simonyan, Zisserman 2014, section 2 and table 1; the places of dropout as in section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.known_mistakes import Suspect
from grader.checks.vgg.block import block_with, max_pool
from grader.language import _

DROPOUT = (0.0, 0.5, 0.5, 0.0)  # before the first linear layer, after the first, after the second, after the last


def vgg_classifier(in_features: int, hidden: int, num_classes: int) -> nn.Module:
    """Three linear layers, the first two with ReLU and dropout: (N, in_features) -> logits (N, num_classes)."""
    return _classifier(in_features, hidden, num_classes)


def _classifier(
    in_features: int,
    hidden: int,
    num_classes: int,
    *,
    relu_after: Iterable[int] = (0, 1),
    last: Callable[[], nn.Module] | None = None,
) -> nn.Sequential:
    widths = (in_features, hidden, hidden, num_classes)
    layers: list[nn.Module] = []
    for index in range(3):
        layers.append(nn.Linear(widths[index], widths[index + 1]))
        if index in relu_after:
            layers.append(nn.ReLU())
        if index < 2:
            layers.append(nn.Dropout(0.5))
    return nn.Sequential(*layers, *([] if last is None else [last()]))


def vgg_classifier_mistakes(in_features: int, hidden: int, num_classes: int) -> list[Suspect]:
    """Classifiers that are wrong in a known way; the shapes of input and output are right."""
    sizes = (in_features, hidden, num_classes)
    return [
        Suspect(
            partial(_classifier, *sizes, relu_after=()),
            _("There is no ReLU between the linear layers: three of them in a row are no more than one."),
        ),
        Suspect(
            partial(_classifier, *sizes, relu_after=(0,)),
            _("The second linear layer is not followed by a ReLU."),
        ),
        Suspect(
            partial(_classifier, *sizes, relu_after=(1,)),
            _("The first linear layer is not followed by a ReLU."),
        ),
        *_mistakes_of_the_end(partial(_classifier, *sizes)),
    ]


def _mistakes_of_the_end(build: Callable[..., nn.Module]) -> list[Suspect]:
    softmax = _("There is a softmax at the end: the loss applies it again, so return the logits.")
    return [
        Suspect(partial(build, last=partial(nn.Softmax, dim=1)), softmax),
        Suspect(partial(build, last=partial(nn.LogSoftmax, dim=1)), softmax),
        Suspect(
            partial(build, last=nn.ReLU), _("There is a ReLU after the last linear layer: logits may be negative.")
        ),
    ]


def vgg(
    config: Sequence[tuple[int, int]],
    num_classes: int = 1000,
    batch_norm: bool = False,
    image_size: int = 224,
    hidden: int = 4096,
) -> nn.Module:
    """The network that is right: (N, 3, image_size, image_size) -> logits (N, num_classes)."""
    return _network(config, num_classes, batch_norm, image_size, hidden)


def _network(
    config: Sequence[tuple[int, int]],
    num_classes: int,
    batch_norm: bool,
    image_size: int,
    hidden: int,
    *,
    relu_after: Iterable[int] | None = None,
    pool: Callable[[], nn.Module] = max_pool,
    pooled_to: int | None = None,
    relus: Iterable[int] = (0, 1),
    last: Callable[[], nn.Module] | None = None,
) -> nn.Sequential:
    blocks: list[nn.Module] = []
    in_channels = 3
    for depth, channels in config:
        blocks.append(block_with(depth, in_channels, channels, batch_norm, relu_after=relu_after, pool=pool))
        in_channels = channels
    side = image_size // 2 ** len(config)
    if pooled_to is not None:
        blocks.append(nn.AdaptiveAvgPool2d(pooled_to))
        side = pooled_to
    head = _classifier(in_channels * side**2, hidden, num_classes, relu_after=relus, last=last)
    return nn.Sequential(*blocks, nn.Flatten(), head)


def vgg_mistakes(
    config: Sequence[tuple[int, int]], num_classes: int, batch_norm: bool, image_size: int, hidden: int
) -> list[Suspect]:
    """Networks that are wrong in a known way; the shapes of input and output are right."""
    sizes = (config, num_classes, batch_norm, image_size, hidden)
    build = partial(_network, *sizes)
    other_norm = partial(_network, config, num_classes, not batch_norm, image_size, hidden)
    return [
        Suspect(
            other_norm,
            _("There is no BatchNorm with `batch_norm=True`: is the argument handed on to the blocks?")
            if batch_norm
            else _("There is a BatchNorm although `batch_norm` is False."),
        ),
        Suspect(partial(build, relu_after=()), _("There is no ReLU in the blocks of the network.")),
        Suspect(partial(build, relus=()), _("There is no ReLU between the linear layers of the network.")),
        Suspect(
            partial(build, pool=partial(nn.AvgPool2d, 2)),
            _("The block ends with an average pooling; a maximum is expected."),
        ),
        *[
            Suspect(
                partial(build, pooled_to=side),
                _(
                    "The maps are pooled to {side}x{side} before the linear layers. In this task they stay as the last "
                    "block leaves them, so that the first linear layer depends on `image_size`."
                ).format(side=side),
            )
            for side in (1, 7)
        ],
        *_mistakes_of_the_end(build),
    ]


class ProbeBlock(nn.Module):
    """The visible test's stand-in for a block: (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)."""

    def __init__(self, depth: int, in_channels: int, out_channels: int, batch_norm: bool) -> None:
        super().__init__()
        self.depth = depth
        self.mix = nn.Conv2d(in_channels, out_channels, 1)
        self.norm = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """The output shows depth, channels and whether there is a BatchNorm."""
        return F.avg_pool2d(self.norm(torch.tanh(self.depth * self.mix(x))), 2)


def vgg_of_probes(
    config: Sequence[tuple[int, int]],
    num_classes: int = 1000,
    batch_norm: bool = False,
    image_size: int = 224,
    hidden: int = 4096,
) -> nn.Module:
    """The network with the visible test's probes in the place of its parts."""
    blocks, in_channels = [], 3
    for depth, channels in config:
        blocks.append(ProbeBlock(depth, in_channels, channels, batch_norm))
        in_channels = channels
    side = image_size >> len(config)
    linear = (nn.Linear(in_channels * side * side, hidden), nn.Tanh(), nn.Linear(hidden, num_classes))
    return nn.Sequential(*blocks, nn.Flatten(), *linear)


def counts_of_probes(config: Sequence[tuple[int, int]], batch_norm: bool) -> list[int]:
    """Numbers in the weights of that network's convolutions, in the weights of its linear layers, and in the rest."""
    with torch.device("meta"):
        parameters = list(vgg_of_probes(config, batch_norm=batch_norm).parameters())
    return [sum(one.numel() for one in parameters if one.dim() == axes) for axes in (4, 2, 1)]
