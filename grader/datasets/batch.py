"""What a drawing process does. It starts in half a second because this module imports nothing but the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.datasets.characters import Character
from grader.datasets.frame import draw
from grader.datasets.picture import content_digest
from grader.datasets.split import Picture


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to draw and the file to write it to."""

    character: Character
    number: int
    path: Path


def draw_batch(batch: Sequence[Order], seed: int, size: int) -> list[Picture]:
    """Draw and write the pictures, in the order of the orders."""
    pictures = []
    for order in batch:
        data = draw(order.character, order.number, seed=seed, size=size)
        order.path.write_bytes(data)
        pictures.append(Picture(order.character.name, content_digest(data), order.path))
    return pictures
