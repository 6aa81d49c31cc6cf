"""The residual network that is right, and the ways in which students get it wrong.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

import torch
from torch import nn

from grader.checks.known_mistakes import Suspect
from grader.checks.resnet.block import basic_block
from grader.checks.resnet.bottleneck import bottleneck
from grader.errors import CheckFailed
from grader.language import _

Block = Callable[[int, int, int], nn.Module]

# Of each network: the block, blocks in each stage, and how many times wider the stages are than the stem.
NETWORKS: dict[str, tuple[Block, tuple[int, ...], int]] = {
    "resnet18": (basic_block, (2, 2, 2, 2), 1),
    "resnet34": (basic_block, (3, 4, 6, 3), 1),
    "resnet50": (bottleneck, (3, 4, 6, 3), 4),
    "resnet101": (bottleneck, (3, 4, 23, 3), 4),
    "resnet152": (bottleneck, (3, 8, 36, 3), 4),
}


def resnet(
    depths: Sequence[int], num_classes: int, width: int = 64, *, block: Block = basic_block, expansion: int = 1
) -> nn.Sequential:
    """Four stages of blocks: images (N, 3, H, W) -> logits (N, num_classes).

    Args:
        depths: number of blocks in each stage.
        num_classes: number of classes.
        width: channels of the stem.
        block: called as `block(in_channels, out_channels, stride)`.
        expansion: the first stage has `width * expansion` channels.
    """
    channels = width * expansion
    return nn.Sequential(
        *_stem(width), *_stages(depths, width, channels, block), *_head(num_classes, channels * 2 ** (len(depths) - 1))
    )


def gives_resnet_these_arguments(found: object, name: str, num_classes: int = 1000, width: int = 64) -> None:
    """What a probe in the place of ResNet was given for the network of this name.

    Args:
        found: name of the block's class, depths, classes, width and expansion.
        name: of the network.
        num_classes: number of classes.
        width: channels of the stem.

    Raises:
        CheckFailed: something else.
    """
    _block, depths, expansion = NETWORKS[name]
    block = "BasicBlock" if expansion == 1 else "Bottleneck"
    if repr(found) != repr([block, list(depths), num_classes, width, expansion]):
        raise CheckFailed(_("make_resnet gives ResNet other arguments."))


def resnet_parameters(name: str, num_classes: int = 1000, width: int = 64) -> int:
    """Number of parameters of the network of this name, of which no convolution has a bias.

    Without its last layer a network of width w has a*w^2 + b*w of them: a and b follow from two small networks, made
    once. To make one for each drawn width took a notebook 0.2 s.
    """
    expansion = NETWORKS[name][2]
    four, eight = _without_the_last_layer(name, 4), _without_the_last_layer(name, 8)
    a = (eight - 2 * four) // 32
    b = (four - 16 * a) // 4
    return a * width**2 + b * width + num_classes * (8 * width * expansion + 1)


@cache
def _without_the_last_layer(name: str, width: int) -> int:
    block, depths, expansion = NETWORKS[name]
    with torch.device("meta"):  # no numbers are drawn
        net = resnet(depths, 1, width, block=block, expansion=expansion)
    return sum(parameter.numel() for parameter in net.parameters()) - (8 * width * expansion + 1)


def _stem(width: int, *, without: type[nn.Module] | None = None, pool: nn.Module | None = None) -> list[nn.Module]:
    convolution = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
    pool = nn.MaxPool2d(3, stride=2, padding=1) if pool is None else pool
    layers = [convolution, nn.BatchNorm2d(width), nn.ReLU(), pool]
    return [layer for layer in layers if without is None or not isinstance(layer, without)]


def _stages(
    depths: Sequence[int], in_channels: int, channels: int, block: Block, strides: Sequence[int] = (1, 2, 2, 2)
) -> list[nn.Module]:
    blocks: list[nn.Module] = []
    for index, (depth, stride) in enumerate(zip(depths, strides, strict=True)):
        out_channels = channels * 2**index
        blocks.append(block(in_channels, out_channels, stride))
        blocks += [block(out_channels, out_channels, 1) for _block in range(depth - 1)]
        in_channels = out_channels
    return blocks


def _head(num_classes: int, channels: int, pool: type[nn.Module] = nn.AdaptiveAvgPool2d) -> list[nn.Module]:
    return [pool(1), nn.Flatten(), nn.Linear(channels, num_classes)]


def stage_mistakes(block: Block, in_channels: int, out_channels: int, depth: int, stride: int = 1) -> list[Suspect]:
    """Stages that are wrong in a known way; the shapes of input and output are right."""

    def stage(strides: Sequence[int]) -> nn.Sequential:
        first = block(in_channels, out_channels, strides[0])
        return nn.Sequential(first, *(block(out_channels, out_channels, step) for step in strides[1:]))

    def repeating() -> nn.Module:
        return nn.Sequential(
            block(in_channels, out_channels, stride), *[block(out_channels, out_channels, 1)] * (depth - 1)
        )

    suspects = [
        Suspect(
            lambda: stage([stride] + [1] * depth),
            _("The stage has one block too many: {depth} are expected.").format(depth=depth),
        )
    ]
    if depth > 1:
        suspects.append(
            Suspect(
                lambda: stage([stride] + [1] * (depth - 2)),
                _("The stage has one block too few: {depth} are expected.").format(depth=depth),
            )
        )
    if depth > 1 and stride != 1:
        suspects.append(
            Suspect(
                lambda: stage([1] * (depth - 1) + [stride]),
                _("The stride is in the last block of the stage; it belongs into the first."),
            )
        )
    if depth > 2:
        suspects.append(
            Suspect(
                repeating,
                _("One block object stands in several places and shares its weights: make a new block each time."),
            )
        )
    return suspects


def resnet_mistakes(
    depths: Sequence[int], num_classes: int, width: int = 64, *, block: Block = basic_block, expansion: int = 1
) -> list[Suspect]:
    """Networks that are wrong in a known way; the shapes of input and output are right."""
    channels = width * expansion
    right = partial(resnet, num_classes=num_classes, width=width, block=block)

    def with_stem(without: type[nn.Module] | None = None, pool: nn.Module | None = None) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(
            *_stem(width, without=without, pool=pool),
            *_stages(depths, width, channels, block),
            *_head(num_classes, channels * 8),
        )

    def followed_by(kind: type[nn.Module], **options: int) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(*right(depths, expansion=expansion), kind(**options))

    def with_parts(
        strides: Sequence[int] = (1, 2, 2, 2), pool: type[nn.Module] = nn.AdaptiveAvgPool2d
    ) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(
            *_stem(width), *_stages(depths, width, channels, block, strides), *_head(num_classes, channels * 8, pool)
        )

    softmax = _("There is a softmax at the end: the loss applies it again, so return the logits.")
    suspects = [
        Suspect(with_stem(without=nn.ReLU), _("There is no ReLU in the stem of the network.")),
        Suspect(with_stem(without=nn.MaxPool2d), _("There is no MaxPool in the stem of the network.")),
        Suspect(with_stem(without=nn.BatchNorm2d), _("There is no BatchNorm in the stem of the network.")),
        Suspect(
            with_stem(pool=nn.MaxPool2d(2)),
            _("The MaxPool in the stem is 2x2; a 3x3 one with stride 2 and padding 1 is expected."),
        ),
        Suspect(followed_by(nn.Softmax, dim=1), softmax),
        Suspect(followed_by(nn.LogSoftmax, dim=1), softmax),
        Suspect(followed_by(nn.ReLU), _("There is a ReLU after the last linear layer: logits may be negative.")),
        Suspect(
            with_parts(pool=nn.AdaptiveMaxPool2d),
            _("The maximum over the picture is taken before the linear layer instead of the mean."),
        ),
        Suspect(
            with_parts(strides=(2, 2, 2, 2)),
            _("The first stage has a stride of 2; its stride is 1, because the stem has made the picture smaller."),
        ),
        Suspect(
            with_parts(strides=(1, 1, 1, 1)),
            _("All stages have a stride of 1; from the second on it is 2."),
        ),
    ]
    if len(set(depths)) > 1:
        suspects.append(
            Suspect(
                lambda: right([depths[0]] * len(depths), expansion=expansion),
                _("Every stage is as deep as the first: stage number i has `depths[i]` blocks."),
            )
        )
    if expansion != 1:
        suspects.append(
            Suspect(
                lambda: right(depths, expansion=1),
                _("`expansion` is ignored: the first stage has `width * expansion` channels, later ones double them."),
            )
        )
    return suspects
