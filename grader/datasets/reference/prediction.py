"""What the trained network says about pictures, and the file that goes to the contest."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

_BATCH = 128
# How much the found frequencies count, as the network's probabilities are not exact: 1 takes them as they are.
_TRUST = 0.5
# The training's frequencies weigh as much as so many test pictures: a class without votes keeps a small chance.
_PICTURES_BEFORE = 20


@torch.no_grad()
def class_chances(
    network: nn.Module, images: torch.Tensor, *, device: torch.device, size: int, is_mirrored: bool = True
) -> torch.Tensor:
    """Probabilities of the classes.

    Args:
        network: images (N, 3, H, W), float32, 0 to 255 -> logits (N, K).
        images: (N, 3, H, W), uint8.
        device: where the network is.
        size: height and width of the pictures that it was trained on in the end.
        is_mirrored: average over the picture and its mirror image, which takes twice as long.

    Returns:
        (N, K), float32, on the processor.
    """
    was_training = network.training
    network.eval()
    chances = []
    for batch in images.split(_BATCH):
        whole = _resized(batch.to(device).float(), size).contiguous(memory_format=torch.channels_last)
        views = [whole, whole.flip(3)] if is_mirrored else [whole]
        chances.append(torch.stack([network(view).softmax(dim=1) for view in views]).mean(dim=0).cpu())
    network.train(was_training)
    return torch.cat(chances)


def for_other_frequencies(chances: torch.Tensor, trained_with: torch.Tensor, *, rounds: int = 5) -> torch.Tensor:
    """Probabilities, where classes are not as frequent as in the training: how frequent follows from the pictures.

    The contest's test has 20 of the 42 classes, equally many pictures of each; no label is needed to see that.
    Frequencies and probabilities are computed from each other in turn (Saerens, Latinne, Decaestecker 2002), with two
    changes: classes are counted by votes, and count half. With mean probabilities, label smoothing's share for each
    class feeds the rarest until it has all pictures.

    Args:
        chances: of all pictures that are to be named, (N, K).
        trained_with: the classes' shares in the training, (K,).
        rounds: how often.

    Returns:
        (N, K).
    """
    adapted = chances
    for _round in range(rounds):
        votes = adapted.argmax(dim=1).bincount(minlength=chances.shape[1]) + _PICTURES_BEFORE * trained_with
        adapted = chances * (votes / votes.sum() / trained_with) ** _TRUST
        adapted = adapted / adapted.sum(dim=1, keepdim=True)
    return adapted


def _resized(x: torch.Tensor, side: int) -> torch.Tensor:
    """Pictures (N, 3, H, W) as (N, 3, side, side)."""
    return nn.functional.interpolate(x, size=(side, side), mode="bilinear", align_corners=False, antialias=True)


def write_submission(path: Path, names: Sequence[str], labels: Sequence[str]) -> None:
    """The contest's file: `Id,Expected`, one row for each test picture, in the order of the numbers in their names."""
    rows = sorted(zip(names, labels, strict=True), key=lambda row: (len(row[0]), row[0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["Id", "Expected"])
        table.writerows(rows)
