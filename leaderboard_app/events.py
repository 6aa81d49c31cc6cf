"""What has happened in a class lately, by alias: from the attempts that the board is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from grader.scoring.baseline import Baseline, BaselineKind
from leaderboard_app.class_database import AssignmentSummary, Attempt

_KEPT = 8


class EventKind(Enum):
    """Why something is told; where several hold, the last one here."""

    FIRST = auto()
    BETTER = auto()
    PASSED = auto()
    LEAD = auto()
    FULL = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """A student's new best score.

    Attributes:
        at: when it was handed in, UTC.
        alias: whose it is.
        kind: what is told of it.
        correct: images right, for a contest.
        total: images counted, for a contest.
        points: of the score.
        gained: images more than before, or points outside the contest; 0 for the first score.
        passed: the strongest baseline that it is above and the one before was not.
    """

    at: datetime
    alias: str
    kind: EventKind
    correct: int | None
    total: int | None
    points: float
    gained: float = 0
    passed: BaselineKind | None = None


@dataclass(frozen=True, slots=True)
class _Best:
    """A student's best attempt so far, with what the board ranks it by and its points."""

    score: float
    points: float
    attempt: Attempt


def latest_events(
    assignment: AssignmentSummary, attempts: Sequence[Attempt], full_points: float, baselines: Iterable[Baseline]
) -> tuple[Event, ...]:
    """The newest improvements, the newest first.

    A score that is no better than the student's own best is nobody's business and is not told.

    Args:
        assignment: what they are of.
        attempts: all of the class, in any order.
        full_points: what can be earned without a person.
        baselines: of the contest.
    """
    lines = sorted((line.correct / line.total, line.kind) for line in baselines)
    best: dict[str, _Best] = {}
    lead = 0.0
    found: list[Event] = []
    for attempt in sorted(attempts, key=lambda known: known.received_at):
        score, points = _score(attempt, is_contest=assignment.is_contest)
        earlier = best.get(attempt.alias)
        if score is None or points is None or (earlier is not None and score <= earlier.score):
            continue
        was = -1.0 if earlier is None else earlier.score
        passed = [kind for line, kind in lines if was <= line < score and kind is not BaselineKind.CONSTANT]
        kind = EventKind.FIRST if earlier is None else EventKind.BETTER
        if passed:
            kind = EventKind.PASSED
        if score > lead > 0:
            kind = EventKind.LEAD
        if points >= full_points > 0 and (earlier is None or earlier.points < full_points):
            kind = EventKind.FULL
        best[attempt.alias] = _Best(score, points, attempt)
        lead = max(lead, score)
        found.append(
            Event(
                attempt.received_at,
                attempt.alias,
                kind,
                attempt.correct,
                attempt.total,
                points,
                gained=_gain(earlier.attempt, attempt, is_contest=assignment.is_contest) if earlier else 0,
                passed=passed[-1] if passed else None,
            )
        )
    return tuple(reversed(found[-_KEPT:]))


def _score(attempt: Attempt, *, is_contest: bool) -> tuple[float | None, float | None]:
    """What the board ranks by, and its points. Quotients of such counts are in the order of the fractions."""
    if not is_contest:
        return attempt.run_points, attempt.run_points
    if attempt.correct is None or not attempt.total:
        return None, None
    return attempt.correct / attempt.total, attempt.entry_points


def _gain(before: Attempt, now: Attempt, *, is_contest: bool) -> float:
    if not is_contest:
        return (now.run_points or 0) - (before.run_points or 0)
    return (now.correct or 0) - (before.correct or 0) if now.total == before.total else 0
