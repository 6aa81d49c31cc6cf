"""The files of gradebook and class database, as a watcher that holds them open has found them."""

from __future__ import annotations

from pathlib import Path

from grader.course.folder import Course
from grader.record.upkeep.losses import databases


class OpenFiles:
    """Notices that a file was deleted or replaced: what is written goes into the old one, which nobody sees."""

    def __init__(self, course: Course) -> None:
        self._paths = [path for _store, path in databases(course)]
        self._found = self._now()

    def are_gone(self) -> bool:
        """Whether one of them is not the one that was opened."""
        return self._now() != self._found

    def _now(self) -> list[tuple[int, int]]:
        return [_identity(path) for path in self._paths]


def _identity(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return (0, 0)
    return (about.st_dev, about.st_ino)
