"""A data set without a download: the drawn town, in the contest's layout and with its imbalance."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

from grader.datasets.batch import Order, draw_batch
from grader.datasets.build import ClassCount, Progress, class_counts, fill, pool_of, require_space, staged
from grader.datasets.characters import CAST
from grader.datasets.split import DECOYS, Picture, split
from grader.errors import InvalidConfig
from grader.language import _

_FEWEST_PER_CLASS = 3
_BATCH = 100
_SIZES = range(16, 513)
# Above what a picture takes on disk: 2 KiB at 64 pixels, growing with the area.
_BYTES_PER_PIXEL = 1.5
IMAGES = 2500
SIZE = 48


@dataclass(frozen=True, slots=True)
class SynthesisReport:
    """What was drawn."""

    seed: int
    size: int
    classes: tuple[ClassCount, ...]
    train_images: int
    public_images: int
    private_images: int
    decoys: int
    content_digest: str
    wall_s: float


def synthesize(
    root: Path,
    *,
    seed: int = 0,
    images: int = 4000,
    size: int = 64,
    test_classes: int = 20,
    per_class: int = 50,
    private_share: Fraction = Fraction(5, 100),
    decoys: int = DECOYS,
    workers: int | None = None,
    progress: Progress | None = None,
    replace: bool = False,
) -> SynthesisReport:
    """Draw a class's data set at `root`: `images` training pictures of 42 characters, and a hidden test.

    The same arguments give the same bytes, however many processes draw.

    Args:
        root: where the data set goes.
        seed: what to draw, and how to split it. A secret: who knows it can draw the test with its labels.
        images: training pictures in all, shared out among the characters as in the contest.
        size: height and width in pixels.
        test_classes: how many of the most frequent characters are in the hidden test.
        per_class: test pictures of each.
        private_share: how much of the test is not shown on the board.
        decoys: unscored altered copies of test pictures, beside them.
        workers: processes that draw; by default one per core, at most 2. With 1 nothing is started.
        progress: called with pictures done and pictures in all.
        replace: whether a data set that is there already gives way.

    Raises:
        InvalidConfig: too few images for 42 classes, or a size outside 16 to 512.
        EnvironmentFault: the disk refused, or a data set is there already; it is as it was.
    """
    started = time.perf_counter()
    counts = train_counts(images)
    if size not in _SIZES:
        raise InvalidConfig(
            _("Pictures of {size} pixels cannot be drawn.").format(size=size),
            remedy=_("Choose a size from {low} to {high}.").format(low=_SIZES[0], high=_SIZES[-1]),
        )
    common = sorted(CAST, key=lambda character: -character.commonness)[:test_classes]
    total = images + per_class * len(common)
    require_space(root, int(total * (size * size * _BYTES_PER_PIXEL + 4096)))
    with staged(root, replace=replace) as layout:
        orders = [
            Order(character, number, pool_of(layout) / f"{character.name}-{number}")
            for character in CAST
            for number in range(counts[character.name] + (per_class if character in common else 0))
        ]
        pictures = _draw_all(orders, seed, size, _processes(workers), progress)
        parts = split(
            pictures, seed=seed, test_classes=test_classes, per_class=per_class, private_share=private_share,
            decoys=decoys,
        )  # fmt: skip
        record = fill(layout, parts, kind="synthesized", source=f"{images} images of {size} px", seed=seed)
    return SynthesisReport(
        seed=seed,
        size=size,
        classes=class_counts(parts),
        train_images=record.train_images,
        public_images=record.public_images,
        private_images=record.private_images,
        decoys=record.decoys,
        content_digest=record.content_digest,
        wall_s=time.perf_counter() - started,
    )


def train_counts(images: int) -> dict[str, int]:
    """How many training pictures each character gets: the contest's shares, at least three, `images` in all.

    Raises:
        InvalidConfig: fewer than three for each of the 42.
    """
    fewest = _FEWEST_PER_CLASS * len(CAST)
    if images < fewest:
        raise InvalidConfig(
            _("{images} images are too few for {classes} characters.").format(images=images, classes=len(CAST)),
            remedy=_("Ask for at least {fewest}.").format(fewest=fewest),
        )
    whole = sum(character.commonness for character in CAST)
    spare = images - fewest
    counts = {c.name: _FEWEST_PER_CLASS + spare * c.commonness // whole for c in CAST}
    # What rounding left over goes to the most frequent characters, one each.
    for character in sorted(CAST, key=lambda c: -c.commonness)[: images - sum(counts.values())]:
        counts[character.name] += 1
    return counts


def _draw_all(
    orders: Sequence[Order], seed: int, size: int, processes: int, progress: Progress | None
) -> list[Picture]:
    pictures: list[Picture] = []
    for drawn in _batches(orders, seed, size, processes):
        pictures += drawn
        if progress is not None:
            progress(len(pictures), len(orders))
    return pictures


def _batches(orders: Sequence[Order], seed: int, size: int, processes: int) -> Iterator[list[Picture]]:
    """The pictures batch by batch, in the order of the orders whoever draws them."""
    batches = [orders[start : start + _BATCH] for start in range(0, len(orders), _BATCH)]
    if processes == 1:
        yield from (draw_batch(batch, seed, size) for batch in batches)
        return
    # Spawned, not forked: the caller may hold torch's threads.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(draw_batch, batches, [seed] * len(batches), [size] * len(batches))


def _processes(workers: int | None) -> int:
    return min(2, len(os.sched_getaffinity(0))) if workers is None else max(1, workers)
