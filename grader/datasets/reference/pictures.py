"""The contest's pictures in memory: decoded once, all of one size, so that an epoch costs nothing but training."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from grader.datasets.archive import Member, Source, open_source
from grader.datasets.build import Progress
from grader.datasets.picture import UnreadablePictureError, content_digest, decode, strict_pillow
from grader.datasets.places import placed
from grader.errors import EnvironmentFault
from grader.language import _


@dataclass(frozen=True, slots=True)
class Pictures:
    """What an archive holds.

    Attributes:
        images: training pictures, (N, 3, size, size), uint8.
        labels: their places in `classes`, (N,), int64.
        digests: what identifies each training picture's content.
        classes: names of the classes, sorted.
        test_images: (M, 3, size, size), uint8; a picture that cannot be decoded is black.
        test_names: their file names.
        left_out: training pictures that cannot be decoded, or that lie in two classes, and superfluous copies.
    """

    images: torch.Tensor
    labels: torch.Tensor
    digests: tuple[str, ...]
    classes: tuple[str, ...]
    test_images: torch.Tensor
    test_names: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Decoded:
    digest: str
    pixels: np.ndarray | None


def read_pictures(source: Path, size: int, progress: Progress | None = None) -> Pictures:
    """Decode the training and test pictures of the contest's zip file or folder.

    Args:
        source: anything that `grader dataset import` accepts, or the `student` folder of a class's data set.
        size: height and width that every picture is squashed to, pixels.
        progress: called with pictures done and pictures in all.

    Raises:
        MissingDataset: there is nothing at `source`.
        EnvironmentFault: it is damaged, or holds no training pictures of two classes, or no test pictures.
    """
    with open_source(source) as archive, strict_pillow():
        files = [(member, place) for member, place in placed(archive.members) if place.kind in ("train", "test")]
        decoded = _decode_all(archive, [member for member, _place in files], size, progress)
        train: dict[str, list[tuple[str, np.ndarray]]] = {}
        test: dict[str, np.ndarray] = {}
        for (member, place), picture in zip(files, decoded, strict=True):
            if place.kind == "test":
                black = np.zeros((size, size, 3), np.uint8)
                test.setdefault(member.path.name, black if picture.pixels is None else picture.pixels)
            elif picture.pixels is not None:
                train.setdefault(picture.digest, []).append((place.label, picture.pixels))
        found = sum(place.kind == "train" for _member, place in files)
    # A picture that lies in two classes teaches nothing; of several copies one is enough.
    kept = {digest: copies[0] for digest, copies in train.items() if len({label for label, _pixels in copies}) == 1}
    classes = sorted({label for label, _pixels in kept.values()})
    if len(classes) < 2 or not test:
        raise _nothing_to_do(source, len(classes), len(test))
    return Pictures(
        images=_stacked([pixels for _label, pixels in kept.values()]),
        labels=torch.tensor([classes.index(label) for label, _pixels in kept.values()]),
        digests=tuple(kept),
        classes=tuple(classes),
        test_images=_stacked(list(test.values())),
        test_names=tuple(test),
        left_out=found - len(kept),
    )


def _decode_all(archive: Source, members: Sequence[Member], size: int, progress: Progress | None) -> Iterator[_Decoded]:
    def decode_one(member: Member) -> _Decoded:
        data = archive.read(member)
        try:
            image = decode(data, size)
        except UnreadablePictureError:
            return _Decoded("", None)
        return _Decoded(content_digest(data), image)

    # Pillow decodes without holding Python's lock.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done, picture in enumerate(pool.map(decode_one, members), start=1):
            yield picture
            if progress is not None:
                progress(done, len(members))


def _stacked(images: list[np.ndarray]) -> torch.Tensor:
    """Arrays (H, W, 3) as one tensor (N, 3, H, W), channels last in memory as convolutions like it."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)


def _nothing_to_do(source: Path, classes: int, test_images: int) -> EnvironmentFault:
    return EnvironmentFault(
        _("{source} holds {classes} classes of training pictures and {test_images} test pictures.").format(
            source=source, classes=classes, test_images=test_images
        ),
        remedy=_(
            "Expected train/simpsons_dataset/<class>/*.jpg and testset/testset/*.jpg, as in the contest's archive."
        ),
    )
