"""What the trained network says about pictures, and the file that goes to the contest."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

_BATCH = 128
# The middle of the picture, enlarged: characters that stand far away.
_ZOOMED = 0.88


@torch.no_grad()
def class_chances(
    network: nn.Module, images: torch.Tensor, *, device: torch.device, thorough: bool = True
) -> torch.Tensor:
    """Probabilities of the classes.

    Args:
        network: images (N, 3, H, W), float32, 0 to 255 -> logits (N, K).
        images: (N, 3, H, W), uint8.
        device: where the network is.
        thorough: average over the picture, its middle, and both mirrored, which takes four times as long.

    Returns:
        (N, K), float32, on the processor.
    """
    was_training = network.training
    network.eval()
    chances = []
    for batch in images.split(_BATCH):
        whole = batch.to(device).float().contiguous(memory_format=torch.channels_last)
        views = [view for x in (whole, _middle(whole)) for view in (x, x.flip(3))] if thorough else [whole]
        chances.append(torch.stack([network(view).softmax(dim=1) for view in views]).mean(dim=0).cpu())
    network.train(was_training)
    return torch.cat(chances)


def _middle(x: torch.Tensor) -> torch.Tensor:
    """The inner part of pictures (N, 3, H, W), as large as the whole."""
    height, width = x.shape[2:]
    top, left = round(height * (1 - _ZOOMED) / 2), round(width * (1 - _ZOOMED) / 2)
    inner = x[:, :, top : height - top, left : width - left]
    return nn.functional.interpolate(inner, size=(height, width), mode="bilinear", align_corners=False)


def write_submission(path: Path, names: Sequence[str], labels: Sequence[str]) -> None:
    """The contest's file: `Id,Expected`, one row for each test picture, in the order of the numbers in their names."""
    rows = sorted(zip(names, labels, strict=True), key=lambda row: (len(row[0]), row[0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["Id", "Expected"])
        table.writerows(rows)
