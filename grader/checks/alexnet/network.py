"""The AlexNet that is right.

Source: Krizhevsky, Sutskever, Hinton 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 3,
with BatchNorm in place of local response normalisation and without the split over two GPUs, as the lesson has it. An
image has 227 x 227 pixels: the paper says 224, with which (224 - 11) / 4 is not a whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

SIDE = 227
GRID = 6 * 6  # pixels of each map that reaches the classifier
DROPOUT = (0.0, 0.5, 0.5, 0.0)  # before the first linear layer, after the first, after the second, after the last
Groups = list[list[nn.Module]]


def alexnet_groups(channels: Sequence[int], *, groups: int = 1) -> Groups:
    """The five convolutions, each with what follows it; a bias before BatchNorm would change nothing."""
    first, second, third, fourth, fifth = channels
    return [
        [nn.Conv2d(3, first, 11, stride=4, bias=False), nn.BatchNorm2d(first), nn.ReLU(), nn.MaxPool2d(3, stride=2)],
        [
            nn.Conv2d(first, second, 5, padding=2, groups=groups, bias=False),
            nn.BatchNorm2d(second),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
        ],
        [nn.Conv2d(second, third, 3, padding=1), nn.ReLU()],
        [nn.Conv2d(third, fourth, 3, padding=1, groups=groups), nn.ReLU()],
        [nn.Conv2d(fourth, fifth, 3, padding=1, groups=groups), nn.ReLU(), nn.MaxPool2d(3, stride=2)],
    ]


def row_of(groups: Groups) -> nn.Sequential:
    """All layers, one after another."""
    return nn.Sequential(*(layer for group in groups for layer in group))


def alexnet_images(number: int, *, brightness: float = 1.0) -> Tensor:
    """Random images (number, 3, 227, 227), each with a colour of its own, and noise.

    Between images of brightness 10 and 1 no layer of ours makes a difference; response normalisation does, which
    changes small numbers by less than is told from rounding.

    Behind a MaxPool over pure noise almost every number is positive, and a forgotten ReLU would hardly show; the
    colours make about half of the channels negative.
    """
    return brightness * (1.5 * torch.randn(number, 3, 1, 1) + 0.5 * torch.randn(number, 3, SIDE, SIDE))


def alexnet_features(channels: Sequence[int]) -> nn.Sequential:
    """The convolutional part: images (N, 3, 227, 227) -> (N, channels[4], 6, 6)."""
    return row_of(alexnet_groups(channels))


def alexnet_classifier(in_features: int, hidden: int, num_classes: int) -> nn.Sequential:
    """The linear part: (N, in_features) -> logits (N, num_classes)."""
    return nn.Sequential(
        *(nn.Linear(in_features, hidden), nn.ReLU(), nn.Dropout(0.5)),
        *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5)),
        nn.Linear(hidden, num_classes),
    )


def alexnet(num_classes: int, channels: Sequence[int], hidden: int) -> nn.Sequential:
    """The whole net: images (N, 3, 227, 227) -> logits (N, num_classes)."""
    classifier = alexnet_classifier(channels[4] * GRID, hidden, num_classes)
    return nn.Sequential(*alexnet_features(channels), nn.Flatten(), *classifier)


def alexnet_of_probes(num_classes: int, channels: Sequence[int], hidden: int) -> nn.Sequential:
    """The whole net with the visible test's probes in the place of its two parts."""
    widths = [3, *channels]
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(6),
        *(nn.Conv2d(before, after, 1) for before, after in pairwise(widths)),
        *(nn.Flatten(), nn.Linear(channels[4] * GRID, hidden), nn.Tanh(), nn.Linear(hidden, num_classes)),
    )


# Weights of the full net made of probes, without biases.
FULL_SIZE_OF_PROBES = (
    sum(before * after for before, after in pairwise((3, 96, 256, 384, 384, 256))) + 256 * GRID * 4096 + 4096 * 1000
)
