"""Whose upload is graded next: students take turns, whatever one of them sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from grader.inbox import Upload


class Turns:
    """When each student had a lane last; forgotten with the watcher."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._count = 0

    def taken(self, student: str) -> None:
        """A lane grades an upload of the student's."""
        self._count += 1
        self._last[student] = self._count

    def in_turn(self, waiting: Iterable[tuple[str, Upload]], running: Iterable[str]) -> list[tuple[str, Upload]]:
        """Students with their uploads, in the order in which lanes are given to them.

        A student's second upload, running or waiting, comes after everybody's first; of those who have equally many,
        whoever had a lane longest ago comes first.

        Args:
            waiting: the oldest first.
            running: students, one for each lane that they have.
        """
        before = Counter(running)
        ranked: list[tuple[int, int, str, Upload]] = []
        for student, upload in waiting:
            ranked.append((before[student], self._last.get(student, 0), student, upload))
            before[student] += 1
        return [(student, upload) for *_rank, student, upload in sorted(ranked, key=lambda one: one[:2])]
