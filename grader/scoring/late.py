"""What being late costs: a percentage a day, or late days that a student has for the term. Pure functions, exact.

A day late is a day of the class's own calendar: work due on Friday at 23:59 is one day late until Saturday at 23:59,
also when clocks are changed that night and the day has 23 or 25 hours. Grace minutes come on top of each of these
moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


class Policy(StrEnum):
    """What a class takes off late work."""

    NONE = "none"
    PERCENT = "percent"
    BUDGET = "budget"


class Counts(StrEnum):
    """Which of a student's submissions for an assignment is the grade."""

    LAST = "last"
    BEST = "best"


@dataclass(frozen=True)
class LateRules:
    """The class's rules for late work.

    Attributes:
        policy: what is taken off; with `BUDGET`, of the days that the budget does not cover.
        grace: so much later is not late yet.
        percent: of the points earned, for each day begun, from 0 to 100.
        at_most: percent that are taken off in all, however late the work is.
        days: late days that a student has for the whole term.
    """

    policy: Policy = Policy.NONE
    grace: timedelta = timedelta()
    percent: Fraction = Fraction(0)
    at_most: Fraction = Fraction(100)
    days: int = 0

    def to_json(self) -> dict[str, Any]:
        """As the page's rules are stored."""
        return {
            "policy": str(self.policy),
            "grace_s": self.grace.total_seconds(),
            "percent": str(self.percent),
            "at_most": str(self.at_most),
            "days": self.days,
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> LateRules:
        """As they were stored; nothing stored is no policy."""
        if not plain:
            return cls()
        return cls(
            Policy(plain["policy"]),
            timedelta(seconds=plain["grace_s"]),
            Fraction(plain["percent"]),
            Fraction(plain["at_most"]),
            plain["days"],
        )

    def share(self, days: int) -> Fraction:
        """The share of the points that so many days cost, from 0 to 1."""
        if self.policy is Policy.NONE:
            return Fraction(0)
        return min(self.percent * days, self.at_most) / 100


@dataclass(frozen=True)
class Terms:
    """What holds for one student and one assignment.

    Attributes:
        due: the deadline, or the extension's; with a time zone; None where there is none.
        counts: which submission is the grade.
    """

    due: datetime | None = None
    counts: Counts = Counts.LAST


@dataclass(frozen=True)
class Attempt:
    """A graded submission.

    Attributes:
        assignment: slug.
        at: when we received it, with a time zone.
        points: of the tests, before anything is taken off.
        key: of its result.
    """

    assignment: str
    at: datetime
    points: Fraction
    key: str


@dataclass(frozen=True)
class Counted:
    """The submission that is the grade, and what being late costs it.

    Attributes:
        attempt: the submission.
        due: when it was due.
        days_late: days begun since then; 0 is in time.
        days_free: so many of them are paid with the student's late days.
        taken: the share of the points that is taken off, from 0 to 1.
    """

    attempt: Attempt
    due: datetime | None
    days_late: int
    days_free: int
    taken: Fraction

    @property
    def points(self) -> Fraction:
        """What is left of the tests' points."""
        return self.attempt.points - penalty(self.attempt.points, self.taken)


def exact(points: float) -> Fraction:
    """Points as they are written: 0.1 is a tenth, which no float is."""
    return Fraction(repr(float(points)))


def penalty(points: Fraction, taken: Fraction) -> Fraction:
    """What a share takes off; nothing of points that are not above 0."""
    return max(points, Fraction(0)) * taken


def days_late(at: datetime, due: datetime | None, grace: timedelta, zone: ZoneInfo) -> int:
    """Days begun between a deadline and a submission; 0 where it was in time.

    Args:
        at: when it was received, with a time zone.
        due: the deadline, with a time zone; None is no deadline.
        grace: see `LateRules`.
        zone: whose days are counted.
    """
    if due is None:
        return 0
    counted, first = at.astimezone(UTC) - grace, due.astimezone(zone)
    days = max(0, (counted - first.astimezone(UTC)) // _DAY - 1)
    while counted > (first + days * _DAY).astimezone(UTC):  # added on the wall's clock, compared on the world's
        days += 1
    return days


def count(
    attempts: Iterable[Attempt], terms: Mapping[str, Terms], rules: LateRules, zone: ZoneInfo
) -> dict[str, Counted]:
    """What counts of one student's work, by assignment.

    Late days are spent in the order of time. A submission that takes the place of an earlier one for the same
    assignment gives that one's late days back first, so it never costs points elsewhere. Of equally good ones, the
    latest counts: its feedback is what the student waits for.
    """
    counted: dict[str, Counted] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.at):
        own = terms.get(attempt.assignment, Terms())
        elsewhere = sum(one.days_free for slug, one in counted.items() if slug != attempt.assignment)
        found = weigh(attempt, own, rules, zone, rules.days - elsewhere)
        before = counted.get(attempt.assignment)
        if before is None or own.counts is Counts.LAST or _is_as_good(found, before):
            counted[attempt.assignment] = found
    return counted


def _is_as_good(found: Counted, before: Counted) -> bool:
    """Whether a later submission takes an earlier one's place: not if it only costs more late days."""
    return (found.points, -found.days_free) >= (before.points, -before.days_free)


def weigh(attempt: Attempt, terms: Terms, rules: LateRules, zone: ZoneInfo, days_left: int) -> Counted:
    """What being late costs one submission.

    Args:
        attempt: the submission.
        terms: of its assignment and student.
        rules: the class's.
        zone: the class's.
        days_left: of the student's budget; without one it is not looked at.
    """
    late = days_late(attempt.at, terms.due, rules.grace, zone)
    free = max(0, min(late, days_left)) if rules.policy is Policy.BUDGET else 0
    return Counted(attempt, terms.due, late, free, rules.share(late - free))
