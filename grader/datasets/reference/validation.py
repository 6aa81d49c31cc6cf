"""How good the solution is: pictures that it has not seen, in the shape of the contest's test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import torch
import torch.nn.functional as F

from grader.datasets.reference.pictures import Pictures
from grader.datasets.split import Picture, split
from grader.scoring.f1 import f1

TEST_CLASSES = 20
PER_CLASS = 50
# Pictures are frames of films. Above this likeness two of them are usually of one scene, below it seldom (looked at).
_SAME_SCENE = 0.9
_THUMBNAIL = 12


@dataclass(frozen=True, slots=True)
class HoldOut:
    """Which training pictures are kept back.

    Attributes:
        train: places of the pictures to train on, int64.
        held_out: places of the pictures to judge by, int64.
        is_new_scene: for each of those, whether no picture of its scene is among the others, bool.
    """

    train: torch.Tensor
    held_out: torch.Tensor
    is_new_scene: torch.Tensor


@dataclass(frozen=True, slots=True)
class Score:
    """Micro F1: the share of right answers, as every picture has exactly one.

    Attributes:
        pictures: how many were judged.
        f1: share of them named rightly.
        new_scene_pictures: how many of them have no picture of their scene among the training pictures.
        new_scene_f1: share of those named rightly; NaN when there are none.
    """

    pictures: int
    f1: float
    new_scene_pictures: int
    new_scene_f1: float


def hold_out(pictures: Pictures, *, seed: int, test_classes: int = TEST_CLASSES, per_class: int = PER_CLASS) -> HoldOut:
    """The split that `grader dataset import` makes: the most frequent classes, equally many pictures of each."""
    every = [
        Picture(pictures.classes[label], digest, Path(str(place)))
        for place, (label, digest) in enumerate(zip(pictures.labels.tolist(), pictures.digests, strict=True))
    ]
    parts = split(every, seed=seed, test_classes=test_classes, per_class=per_class, private_share=Fraction(0), decoys=0)
    train = torch.tensor([int(picture.path.name) for picture in parts.train])
    held_out = torch.tensor([int(test.picture.path.name) for test in parts.test])
    likeness = likest(pictures.images[held_out], pictures.images[train])
    return HoldOut(train, held_out, likeness < _SAME_SCENE)


def likest(images: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """How like each picture is to the likest of the others: correlation of brightness in thumbnails.

    Args:
        images: (N, 3, H, W), uint8.
        others: (M, 3, H, W), uint8.

    Returns:
        (N,), float32, at most 1.
    """
    return (_thumbnails(images) @ _thumbnails(others).T).amax(dim=1)


def _thumbnails(images: torch.Tensor) -> torch.Tensor:
    """Unit vectors (N, 144) without mean."""
    small = torch.cat([F.adaptive_avg_pool2d(part.float().mean(1), _THUMBNAIL) for part in images.split(1000)])
    flat = small.flatten(1)
    return F.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)


def score(truth: Sequence[str], predicted: Sequence[str], is_new_scene: torch.Tensor) -> Score:
    """Compare predictions with the truth.

    Args:
        truth: names of the classes.
        predicted: what the network said.
        is_new_scene: (N,), bool.
    """
    new = [
        pair for pair, is_new in zip(zip(truth, predicted, strict=True), is_new_scene.tolist(), strict=True) if is_new
    ]
    return Score(
        pictures=len(truth),
        f1=f1(truth, predicted, "micro"),
        new_scene_pictures=len(new),
        new_scene_f1=f1([true for true, _said in new], [said for _true, said in new], "micro") if new else math.nan,
    )
