"""The leaderboard's rows, ranked, from the students' attempts. Pure functions of plain data.

The board shows the best attempt of a student, and of equal ones the earliest; the gradebook holds the last one, and
that is the grade. Equal scores share a rank (1, 2, 2, 4); the earlier one only stands above. Without a valid score
there is no rank.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from typing import Self

_NEVER = datetime.max.replace(tzinfo=UTC)
_Score = Fraction | float
_NOBODY: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class AssignmentSummary:
    """One assignment as the page lists it.

    Attributes:
        slug: nbgrader's name of it.
        title: what people read.
        max_points: the most that can be earned.
        is_contest: ranked by F1 rather than by points.
        deadline: in UTC, or None.
        submissions: how many the class has handed in.
    """

    slug: str
    title: str
    max_points: float
    is_contest: bool
    deadline: datetime | None
    submissions: int


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One student's row for one assignment.

    Attributes:
        rank: from 1, shared by equal scores (1, 2, 2, 4); None without a valid score.
        alias: the student's public name.
        correct: images right, for a contest.
        total: images counted, for a contest.
        points: of the best score, or None without one.
        max_points: the most that can be earned.
        submissions: how many the student handed in.
        improved_at: when the best score was handed in, UTC.
    """

    rank: int | None
    alias: str
    correct: int | None
    total: int | None
    points: float | None
    max_points: float
    submissions: int
    improved_at: datetime | None


@dataclass(frozen=True, slots=True)
class AssignmentPoints:
    """A student's best points for one assignment, None without a valid score."""

    slug: str
    points: float | None


@dataclass(frozen=True, slots=True)
class OverallRow:
    """One student's row for the whole course.

    Attributes:
        rank: from 1, shared by equal sums; None without any valid score.
        alias: the student's public name.
        points: sum of the best points per assignment, or None without any.
        max_points: what the whole course can give.
        by_assignment: one per assignment, in the order of `Board.assignments`.
        submissions: how many the student handed in.
        improved_at: when the sum last grew, UTC.
    """

    rank: int | None
    alias: str
    points: float | None
    max_points: float
    by_assignment: tuple[AssignmentPoints, ...]
    submissions: int
    improved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One submission with what its latest scored run gave; everything None where there was none.

    Attributes:
        slug: of the assignment.
        alias: the student's public name.
        received_at: UTC.
        run_points: points of the run.
        correct: images right, where the run has a contest entry.
        total: images counted, where the run has a contest entry.
        entry_points: points of the contest entry.
    """

    slug: str
    alias: str
    received_at: datetime
    run_points: float | None
    correct: int | None
    total: int | None
    entry_points: float | None

    def score(self, *, is_contest: bool) -> _Score | None:
        """What the assignment ranks by: the exact F1 of a contest, the points of a block."""
        if not is_contest:
            return self.run_points
        return None if self.correct is None or self.total is None else _f1(self.correct, self.total)


# Ten thousand attempts have some hundred scores, and a fraction costs as much as all the rest of ranking one.
_f1 = lru_cache(maxsize=4096)(Fraction)


def rank_assignment(
    assignment: AssignmentSummary, attempts: Iterable[Attempt], by_hand: Mapping[str, float] = _NOBODY
) -> tuple[LeaderboardRow, ...]:
    """One row per student who handed in this assignment, best first, the unranked last.

    Args:
        assignment: which.
        attempts: what was handed in.
        by_hand: points that a teacher gave beside the tests, by alias; a contest is ranked by F1 all the same.
    """
    by_alias: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_alias[attempt.alias].append(attempt)
    bests = [
        _Best.of(alias, own, is_contest=assignment.is_contest).with_points(by_hand.get(alias, 0.0), assignment)
        for alias, own in by_alias.items()
    ]
    bests.sort(key=_Best.order)
    ranks = _ranks([best.score for best in bests])
    return tuple(_row(assignment, best, rank) for best, rank in zip(bests, ranks, strict=True))


def by_assignment(attempts: Iterable[Attempt]) -> dict[str, list[Attempt]]:
    """The attempts of each assignment; an assignment without any has an empty list."""
    found: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        found[attempt.slug].append(attempt)
    return found


def rank_overall(
    assignments: Sequence[AssignmentSummary], standings: Mapping[str, Iterable[LeaderboardRow]]
) -> tuple[OverallRow, ...]:
    """One row per student who handed in anything, by the sum of the best points per assignment.

    Args:
        assignments: all of the course.
        standings: the rows of each, as `rank_assignment` gives them.
    """
    rows: dict[str, dict[str, LeaderboardRow]] = defaultdict(dict)
    for assignment in assignments:
        for row in standings[assignment.slug]:
            rows[row.alias][assignment.slug] = row
    unranked = [_sum(alias, own, assignments) for alias, own in rows.items()]
    unranked.sort(key=_overall_order)
    # Sums of decimals in floating point differ in the last bit; a billionth of a point ranks nobody.
    ranks = _ranks([None if row.points is None else round(row.points, 9) for row in unranked])
    return tuple(replace(row, rank=rank) for row, rank in zip(unranked, ranks, strict=True))


def for_everybody(
    standings: Mapping[str, Sequence[LeaderboardRow]], teams: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[LeaderboardRow, ...]]:
    """The rows of each assignment, a team's once for each of its members: for the sums of the whole course.

    Args:
        standings: the rows of each, as `rank_assignment` gives them.
        teams: under which alias the members of teams stand, by assignment and the member's own alias.
    """
    found = {}
    for slug, rows in standings.items():
        members: dict[str, list[str]] = defaultdict(list)
        for alias, shown in teams.get(slug, {}).items():
            members[shown].append(alias)
        found[slug] = tuple(replace(row, alias=alias) for row in rows for alias in members.get(row.alias, [row.alias]))
    return found


@dataclass(frozen=True, slots=True)
class _Best:
    """A student's best attempt, the earliest of equals; None without a valid one."""

    alias: str
    score: _Score | None
    attempt: Attempt | None
    submissions: int
    by_hand: float = 0.0

    def with_points(self, points: float, assignment: AssignmentSummary) -> Self:
        """With points that a teacher gave on top, as far as the assignment gives so many."""
        if not points or self.score is None or self.attempt is None:
            return self
        own = (self.attempt.entry_points if assignment.is_contest else self.attempt.run_points) or 0.0
        given = min(max(own + points, 0.0), assignment.max_points) - own
        score = self.score if assignment.is_contest else round(float(self.score) + given, 9)
        return replace(self, score=score, by_hand=given)

    @classmethod
    def of(cls, alias: str, attempts: Sequence[Attempt], *, is_contest: bool) -> Self:
        best, best_score = None, None
        for attempt in sorted(attempts, key=lambda attempt: attempt.received_at):
            score = attempt.score(is_contest=is_contest)
            if score is not None and (best_score is None or score > best_score):
                best, best_score = attempt, score
        return cls(alias, best_score, best, len(attempts))

    def order(self) -> tuple[bool, _Score, datetime, str]:
        """Sorts the best first, of equals the earlier, no score last."""
        if self.score is None or self.attempt is None:
            return (True, 0, _NEVER, self.alias)
        return (False, -self.score, self.attempt.received_at, self.alias)


def _row(assignment: AssignmentSummary, best: _Best, rank: int | None) -> LeaderboardRow:
    row = LeaderboardRow(
        rank=rank,
        alias=best.alias,
        correct=None,
        total=None,
        points=None,
        max_points=assignment.max_points,
        submissions=best.submissions,
        improved_at=None,
    )
    attempt = best.attempt
    if attempt is None:
        return row
    row = replace(row, improved_at=attempt.received_at)
    if assignment.is_contest:
        points = None if attempt.entry_points is None else attempt.entry_points + best.by_hand
        return replace(row, points=points, correct=attempt.correct, total=attempt.total)
    return replace(row, points=None if attempt.run_points is None else attempt.run_points + best.by_hand)


def _ranks(scores: Sequence[_Score | None]) -> list[int | None]:
    """Ranks of scores that are ordered best first."""
    ranks: list[int | None] = []
    for score, equal in groupby(scores):
        rank = None if score is None else len(ranks) + 1
        ranks.extend([rank] * len(list(equal)))
    return ranks


def _sum(alias: str, own: dict[str, LeaderboardRow], assignments: Sequence[AssignmentSummary]) -> OverallRow:
    earned = [row.points for row in own.values() if row.points is not None]
    return OverallRow(
        rank=None,
        alias=alias,
        points=math.fsum(earned) if earned else None,
        max_points=math.fsum(assignment.max_points for assignment in assignments),
        by_assignment=tuple(
            AssignmentPoints(known.slug, own[known.slug].points if known.slug in own else None) for known in assignments
        ),
        submissions=sum(row.submissions for row in own.values()),
        improved_at=max((row.improved_at for row in own.values() if row.improved_at is not None), default=None),
    )


def _overall_order(row: OverallRow) -> tuple[bool, float, datetime, str]:
    return (row.points is None, -round(row.points or 0.0, 9), row.improved_at or _NEVER, row.alias)
