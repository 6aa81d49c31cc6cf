"""What killed graders left behind: each temporary thing bears the number of the process that made it."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from grader.course.folder import Course
from grader.sandbox import cgroups

SCRATCH_PREFIX = "sg-"
_UNFINISHED = re.compile(r"\.(?:writing|recording|placing|collecting)-(\d+)-")
_SCRATCH = re.compile(rf"{SCRATCH_PREFIX}(?:slot-)?(\d+)-")
_PLACES = (".", "kaggle", "ledger/results", "ledger/current/*", "autograded/*", "submitted/*")


def sweep_machine() -> None:
    """Remove temporary folders and control groups of processes that are gone."""
    _remove(Path(tempfile.gettempdir()).glob(f"{SCRATCH_PREFIX}*"), _SCRATCH)
    cgroups.remove_stale()


def sweep_class(course: Course) -> None:
    """Remove half-written files and folders of processes that are gone."""
    for place in _PLACES:
        _remove(course.root.glob(f"{place}/.*-*-*"), _UNFINISHED)


def _remove(paths: Iterable[Path], made_by: re.Pattern[str]) -> None:
    for path in paths:
        maker = made_by.match(path.name)
        if maker is None or Path("/proc", maker[1]).exists():
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # another user's
                path.unlink()
