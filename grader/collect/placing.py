"""Put collected submissions into `submitted/`: each as a whole, and all of them or none."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from grader.collect.choosing import Chosen
from grader.collect.submissions import TIMESTAMP, stamp_with
from grader.course.folder import Course
from grader.errors import disk_fault
from grader.files import ordinary_files


def place_all(
    course: Course,
    slug: str,
    chosen: Sequence[Chosen],
    source: Path,
    room: Path,
    name: str,
    received: datetime | None = None,
) -> None:
    """Replace students' submissions by what was chosen; one that has not changed stays, with its time.

    nbgrader's zip_collect empties a student's folder before it copies, so that a full disk or a kill in between loses
    what lay there; here everything is written first, then folders change places.

    Args:
        course: the class.
        slug: the assignment.
        chosen: one for each student.
        source: the folder in which they lie.
        room: a folder on the class's disk, removed by the caller afterwards.
        name: of the file that is graded, such as `resnet.ipynb`.
        received: when they were handed in elsewhere, as the teacher says; None is now.

    Raises:
        EnvironmentFault: something cannot be written; the class is as it was.
    """
    try:
        for one in chosen:
            _make(one, source, room / "new" / one.student, name)
            if received is not None:
                stamp_with(room / "new" / one.student, received)
        pairs = [(room / "new" / one.student, course.submitted / one.student / slug) for one in chosen]
        _exchange(pairs if received else [pair for pair in pairs if not _holds_the_same(*pair)], room / "old")
    except OSError as error:
        raise disk_fault(error, course.submitted, "written") from error


def _make(one: Chosen, source: Path, made: Path, name: str) -> None:
    made.mkdir(parents=True)
    shutil.copyfile(source / one.path, made / name)  # a copy is as old as now: a sender's clock decides no deadline
    if not one.is_in_own_folder:
        return
    folder = (source / one.path).parent
    for path in ordinary_files(folder):
        # What nbgrader and the grader themselves write there is not the student's to bring.
        if path.suffix != Path(name).suffix and path.name != TIMESTAMP:
            target = made / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _exchange(pairs: Iterable[tuple[Path, Path]], old: Path) -> None:
    """Let new folders take the places of old ones; where one cannot, all go back."""
    done: list[tuple[Path, Path, Path]] = []
    try:
        for number, (made, target) in enumerate(pairs):
            target.parent.mkdir(parents=True, exist_ok=True)
            kept = old / str(number)
            done.append((made, target, kept))
            if target.is_symlink() or target.exists():
                old.mkdir(exist_ok=True)
                target.rename(kept)
            made.rename(target)
    except BaseException:
        for made, target, kept in reversed(done):
            _put_back(made, target, kept)
        raise


def _put_back(made: Path, target: Path, kept: Path) -> None:
    with suppress(OSError):
        if not made.exists():
            target.rename(made)
        if kept.exists():
            kept.rename(target)
        target.parent.rmdir()  # where it was made for this; otherwise something lies in it


def _holds_the_same(made: Path, target: Path) -> bool:
    """Whether a student has handed in nothing new: then the time of the first collection counts."""
    if target.is_symlink() or not target.is_dir():
        return False
    ours, theirs = _files(made), _files(target)
    return ours.keys() == theirs.keys() and all(
        path.stat().st_size == theirs[name].stat().st_size and path.read_bytes() == theirs[name].read_bytes()
        for name, path in ours.items()
    )


def _files(folder: Path) -> Mapping[str, Path]:
    return {
        str(path.relative_to(folder)): path
        for path in ordinary_files(folder)
        if path.relative_to(folder) != Path(TIMESTAMP)
    }
