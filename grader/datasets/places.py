"""What a file of the contest's archive is, by its path: a picture of a class, a test picture, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.datasets.archive import Member

_PICTURES = {".jpg", ".jpeg", ".png"}
_JUNK_FOLDERS = {"__macosx", ".ds_store", ".git", ".ipynb_checkpoints"}
_JUNK_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
_TRAIN_FOLDERS = {"train", "dataset", "simpsons_dataset"}
_TEST_FOLDERS = {"test", "testset", "simpsons_testset", "kaggle_simpson_testset"}
_CLASS_NAME = re.compile(r"\w[\w.\- ]{0,99}")


@dataclass(frozen=True, slots=True)
class Place:
    """What a path says a file is.

    Attributes:
        kind: train, test, junk, other or unsafe.
        label: the class of a training picture.
    """

    kind: str
    label: str = ""


def placed(members: Sequence[Member]) -> Iterator[tuple[Member, Place]]:
    """Every file with its place, in the source's order."""
    bare = not any(_place_of(member.path, bare=False).kind == "train" for member in members)
    for member in members:
        yield member, _place_of(member.path, bare=bare)


def _place_of(path: PurePosixPath, *, bare: bool) -> Place:
    """Where a file belongs. The class is the folder below the innermost `train` or `simpsons_dataset`.

    `bare` is for a source that consists of the class folders alone.
    """
    folders = [part.lower() for part in path.parts[:-1]]
    name = path.name.lower()
    if path.is_absolute() or ".." in path.parts:
        return Place("unsafe")
    if _JUNK_FOLDERS & set(folders) or name in _JUNK_FILES or name.startswith("._"):
        return Place("junk")
    if path.suffix.lower() not in _PICTURES:
        return Place("other")
    if _TEST_FOLDERS & set(folders):
        return Place("test")
    containers = [index for index, folder in enumerate(folders) if folder in _TRAIN_FOLDERS]
    at = containers[-1] + 1 if containers else len(folders) - 1 if bare else len(folders)
    if not 0 <= at < len(folders) or not _CLASS_NAME.fullmatch(path.parts[at]):
        return Place("other")
    return Place("train", path.parts[at])
