"""The residual network that is right, and the ways in which students get it wrong.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, table 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from grader.checks.residual import basic_block
from grader.checks.suspects import Suspect
from grader.language import _


def resnet(depths: Sequence[int], num_classes: int, width: int = 64) -> nn.Sequential:
    """Four stages of basic blocks: images (N, 3, H, W) -> logits (N, num_classes)."""
    return nn.Sequential(*_stem(width), *_stages(depths, width), *_head(depths, num_classes, width))


def _stem(width: int) -> list[nn.Module]:
    convolution = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
    return [convolution, nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1)]


def _stages(depths: Sequence[int], width: int, first_stride: int = 1) -> list[nn.Module]:
    blocks: list[nn.Module] = []
    in_channels = width
    for index, depth in enumerate(depths):
        out_channels = width * 2**index
        blocks.append(basic_block(in_channels, out_channels, stride=first_stride if index == 0 else 2))
        blocks += [basic_block(out_channels, out_channels) for _block in range(depth - 1)]
        in_channels = out_channels
    return blocks


def _head(depths: Sequence[int], num_classes: int, width: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width * 2 ** (len(depths) - 1), num_classes)]


def resnet_mistakes(depths: Sequence[int], num_classes: int, width: int = 64) -> list[Suspect]:
    """Networks that are wrong in a known way; the shapes of input and output are right."""
    convolution, norm, relu, pool = _stem(width)
    stages, head = _stages(depths, width), _head(depths, num_classes, width)
    right = [convolution, norm, relu, pool, *stages, *head]
    return [
        Suspect(
            nn.Sequential(convolution, norm, pool, *stages, *head), _("There is no ReLU in the stem of the network.")
        ),
        Suspect(
            nn.Sequential(convolution, norm, relu, *stages, *head), _("There is no MaxPool in the stem of the network.")
        ),
        Suspect(
            nn.Sequential(convolution, relu, pool, *stages, *head),
            _("There is no BatchNorm in the stem of the network."),
        ),
        Suspect(
            nn.Sequential(*right, nn.Softmax(dim=1)),
            _("There is a softmax at the end: the loss applies it again, so return the logits."),
        ),
        Suspect(
            nn.Sequential(*right, nn.LogSoftmax(dim=1)),
            _("There is a softmax at the end: the loss applies it again, so return the logits."),
        ),
        Suspect(
            nn.Sequential(*right, nn.ReLU()),
            _("There is a ReLU after the last linear layer: logits may be negative."),
        ),
        Suspect(
            nn.Sequential(convolution, norm, relu, pool, *stages, nn.AdaptiveMaxPool2d(1), *head[1:]),
            _("The maximum over the picture is taken before the linear layer instead of the mean."),
        ),
        Suspect(
            nn.Sequential(convolution, norm, relu, pool, *_stages(depths, width, first_stride=2), *head),
            _("The first stage has a stride of 2; its stride is 1, because the stem has made the picture smaller."),
        ),
    ]
