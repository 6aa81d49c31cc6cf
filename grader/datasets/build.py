"""Putting a data set in place: all of it, or nothing and the old one stays."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from grader.datasets.altering import decoy_copy, test_copy
from grader.datasets.layout import Kind, Layout, Record, answer_of, is_dataset, write_answers, write_sample_submission
from grader.datasets.split import Picture, Split, TestPicture
from grader.errors import EnvironmentFault
from grader.language import _

Progress = Callable[[int, int], None]
"""Called with how many pictures are done and how many there are in all."""

_POOL = ".pool"
# One moment for every file: a picture's own time of making would tell where it came from.
_MOMENT = (1_577_836_800, 1_577_836_800)


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many pictures of a class were found, and where they went."""

    name: str
    found: int
    train: int
    test: int


def new_seed() -> int:
    """A fresh seed for a split. It is a secret: who knows it and the pictures can work out the hidden test."""
    return secrets.randbits(63)


@contextmanager
def staged(root: Path, *, replace: bool) -> Iterator[Layout]:
    """A new data set to fill, beside `root`; it takes the place of `root` when the block ends well.

    Raises:
        EnvironmentFault: something is at `root` already, or the disk refused. The old data set is as it was.
    """
    root = root.absolute()
    _refuse_to_overwrite(root, replace=replace)
    staging: Path | None = None
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{root.name}.building-", dir=root.parent))
        pool_of(Layout(staging)).mkdir()
        yield Layout(staging)
        pool_of(Layout(staging)).rmdir()
        staging.chmod(0o755)
        _refuse_to_overwrite(root, replace=replace)  # somebody else may have been faster
        _swap(staging, root)
    except OSError as error:
        raise EnvironmentFault(
            _("The data set could not be written to {root}: {reason}.").format(
                root=root, reason=error.strerror or error
            ),
            remedy=_("Nothing was changed. Check free space and permissions there, then run it again."),
        ) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def pool_of(layout: Layout) -> Path:
    """Where a new data set's pictures wait for the split."""
    return layout.root / _POOL


def require_space(root: Path, needed_bytes: int) -> None:
    """Raise while nothing is written yet.

    Raises:
        EnvironmentFault: the disk has too little room.
    """
    there = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < needed_bytes:
        raise EnvironmentFault(
            _("The data set needs {needed} MiB and {folder} has {free} MiB left.").format(
                needed=-(-needed_bytes >> 20), folder=there, free=free >> 20
            ),
            remedy=_("Free some space or choose another folder."),
        )


def fill(layout: Layout, parts: Split, *, kind: Kind, source: str, seed: int) -> Record:
    """Move the split's pictures out of the pool to where they belong, and write the answers."""
    classes = sorted({picture.label for picture in parts.train} | {test.picture.label for test in parts.test})
    _place_train(layout, parts.train)
    layout.testset.mkdir(parents=True)
    place_test(layout, parts.test, kind=kind, seed=seed)
    for test in parts.test:
        test.picture.path.unlink(missing_ok=True)  # a decoy's is its original's
    write_sample_submission(layout, [test.name for test in parts.test], classes)
    return write_answers(
        layout, [answer_of(test) for test in parts.test], kind=kind, source=source, seed=seed, classes=classes,
        train_images=len(parts.train), content_digest=_content_digest(parts),
    )  # fmt: skip


def class_counts(parts: Split) -> tuple[ClassCount, ...]:
    """The split in numbers, the most frequent class first."""
    train = Counter(picture.label for picture in parts.train)
    test = Counter(picture.picture.label for picture in parts.test if picture.part != "decoy")
    found = train + test
    return tuple(
        ClassCount(name, found[name], train[name], test[name]) for name in sorted(found, key=lambda n: (-found[n], n))
    )


def _place_train(layout: Layout, pictures: Iterable[Picture]) -> None:
    numbers: Counter[str] = Counter()
    for picture in pictures:
        folder = layout.train / picture.label
        if not numbers[picture.label]:
            folder.mkdir(parents=True)
        target = folder / f"pic_{numbers[picture.label]:04d}.jpg"
        numbers[picture.label] += 1
        picture.path.rename(target)
        os.utime(target, _MOMENT)


def place_test(layout: Layout, pictures: Iterable[TestPicture], *, kind: Kind, seed: int) -> None:
    """Write the altered pictures in the order of their names: an inode's number would tell an earlier order."""
    for test in pictures:
        alter = decoy_copy if test.part == "decoy" else test_copy
        chance = Random(f"{seed}:{alter.__name__}:{test.picture.digest}")  # noqa: S311 - the secret is the seed
        target = layout.testset / test.name
        target.write_bytes(alter(test.picture.path.read_bytes(), chance, resized=kind == "imported"))
        os.utime(target, _MOMENT)


def _content_digest(parts: Split) -> str:
    lines = [f"train {picture.label} {picture.digest}" for picture in parts.train]
    lines += [f"test {test.name} {test.part} {test.picture.label} {test.picture.digest}" for test in parts.test]
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8")).hexdigest()


def _refuse_to_overwrite(root: Path, *, replace: bool) -> None:
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    if not is_dataset(root):
        raise EnvironmentFault(
            _("{root} exists and is not a data set of the grader.").format(root=root),
            remedy=_("Choose another folder; this one is left alone."),
        )
    if not replace:
        raise EnvironmentFault(
            _("There is a data set in {root} already.").format(root=root),
            remedy=_("Points given on it would no longer be comparable. To replace it all the same, say --replace."),
        )


def _swap(staging: Path, root: Path) -> None:
    if not root.exists() or not any(root.iterdir()):
        staging.rename(root)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{root.name}.old-", dir=root.parent))
    root.rename(old)
    try:
        staging.rename(root)
    except BaseException:
        old.rename(root)
        raise
    shutil.rmtree(old, ignore_errors=True)
