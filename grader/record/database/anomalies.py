"""Unusual runs that a teacher may want to look at: hints, not verdicts. Pure functions of runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from grader.record.database.personal import RunLine

MANY = 8
NEAR = 3
JUMP = 0.5


class Kind(StrEnum):
    """What is unusual."""

    SAME_FILE = "same file"
    MANY_NEAR = "many near"
    JUMP = "jump"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing to look at.

    Attributes:
        kind: what is unusual.
        assignment: slug.
        students: whose runs they are, by id.
        count: how many submissions belong to it.
    """

    kind: Kind
    assignment: str
    students: tuple[str, ...]
    count: int


def find(runs: Sequence[RunLine]) -> list[Anomaly]:
    """Equal files of different students, long rows of nearly equal scores, leaps by half of all points."""
    return [*_same_files(runs), *_rows(runs)]


def _same_files(runs: Iterable[RunLine]) -> list[Anomaly]:
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for run in runs:
        owners[run.assignment, run.content_sha256].add(run.student_id)
    return [
        Anomaly(Kind.SAME_FILE, assignment, tuple(sorted(students)), len(students))
        for (assignment, _content), students in owners.items()
        if len(students) > 1
    ]


def _rows(runs: Sequence[RunLine]) -> list[Anomaly]:
    own: dict[tuple[str, str], list[RunLine]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.received_at):
        if run.points is not None:
            own[run.assignment, run.student_id].append(run)
    found = []
    for (assignment, student), rows in own.items():
        near = sum(
            abs(later.correct - earlier.correct) <= NEAR
            for earlier, later in pairwise(rows)
            if earlier.correct is not None and later.correct is not None
        )
        if near >= MANY:
            found.append(Anomaly(Kind.MANY_NEAR, assignment, (student,), near))
        leaps = sum(_is_leap(earlier, later) for earlier, later in pairwise(rows))
        if leaps:
            found.append(Anomaly(Kind.JUMP, assignment, (student,), leaps))
    return found


def _is_leap(earlier: RunLine, later: RunLine) -> bool:
    gained = (later.points or 0.0) - (earlier.points or 0.0)
    return (earlier.points or 0.0) > 0 and gained >= JUMP * later.max_points
