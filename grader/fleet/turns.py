"""Whose upload is graded next: students take turns, whatever one of them sends. The page counts by the same rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

UploadT = TypeVar("UploadT")


class Turns:
    """When each student had a lane last; forgotten with the watcher."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._count = 0

    def taken(self, student: str) -> None:
        """A lane grades an upload of the student's."""
        self._count += 1
        self._last[student] = self._count

    def in_turn(self, waiting: Iterable[tuple[str, UploadT]], running: Iterable[str]) -> list[tuple[str, UploadT]]:
        """As the function of this name, by what is remembered."""
        return in_turn(waiting, running, self._last)


def in_turn(
    waiting: Iterable[tuple[str, UploadT]], running: Iterable[str], last: Mapping[str, int]
) -> list[tuple[str, UploadT]]:
    """Students with their uploads, in the order in which lanes are given to them.

    A student's second upload, running or waiting, comes after everybody's first; of those who have equally many,
    whoever had a lane longest ago comes first.

    Args:
        waiting: the oldest first.
        running: students, one for each lane that they have.
        last: a number that grows, of each student's last turn; 0 for those who had none.
    """
    before = Counter(running)
    ranked: list[tuple[int, int, str, UploadT]] = []
    for student, upload in waiting:
        ranked.append((before[student], last.get(student, 0), student, upload))
        before[student] += 1
    return [(student, upload) for *_rank, student, upload in sorted(ranked, key=lambda one: one[:2])]
