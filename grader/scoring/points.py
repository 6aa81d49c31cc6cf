"""From an F1 to points: a ladder of thresholds, compared exactly.

962 of 991 is 0.97073 and passes 0.97; 961 of 991 is 0.96972 and does not, although three rounded decimals print 0.970.
So scores are fractions, thresholds are fractions, and what is printed is cut off, never rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.errors import InvalidConfig
from grader.language import _


@dataclass(frozen=True, slots=True)
class Threshold:
    """One step of the ladder: a score of at least `f1` is worth `points`."""

    f1: Fraction
    points: int


@dataclass(frozen=True, slots=True)
class NextStep:
    """What separates a score from more points, in images.

    Attributes:
        points: what the step is worth.
        f1: the threshold that gives these points.
        images_needed: how many images have to be right in all.
        more: how many more than now.
    """

    points: int
    f1: Fraction
    images_needed: int
    more: int


@dataclass(frozen=True, slots=True)
class PointsTable:
    """The thresholds of a class, ascending in F1 and in points.

    Raises:
        InvalidConfig: the table is empty, leaves (0, 1], or does not ascend.
    """

    thresholds: tuple[Threshold, ...]

    def __post_init__(self) -> None:
        if not self.thresholds:
            raise _invalid(_("The points table is empty."))
        for step in self.thresholds:
            if not 0 < step.f1 <= 1:
                raise _invalid(_("The threshold {f1} is not above 0 and at most 1.").format(f1=_decimal(step.f1)))
            if step.points < 1:
                raise _invalid(
                    _("The threshold {f1} gives {points} points; a threshold gives at least 1.").format(
                        f1=_decimal(step.f1), points=step.points
                    )
                )
        for lower, upper in zip(self.thresholds, self.thresholds[1:], strict=False):
            if not (lower.f1 < upper.f1 and lower.points < upper.points):
                raise _invalid(
                    _("The points table does not ascend: {lower} is followed by {upper}.").format(
                        lower=_row(lower), upper=_row(upper)
                    )
                )

    @classmethod
    def parse(cls, rows: Iterable[Sequence[str | int]]) -> PointsTable:
        """The table as `class.toml` writes it: `[["0.83", 1], ["0.84", 2]]`.

        Raises:
            InvalidConfig: a row is not a quoted decimal and a whole number, or the table does not ascend.
        """
        return cls(tuple(_parse_row(row) for row in rows))

    @property
    def top(self) -> int:
        """The most points that a score can be worth."""
        return self.thresholds[-1].points

    def points_for(self, score: Fraction) -> int:
        """The points of an exact score; 0 below the first threshold.

        Raises:
            TypeError: the score is a float, which cannot hold 97/100.
        """
        if not isinstance(score, Fraction):
            raise TypeError(f"points are given for an exact Fraction, not for {type(score).__name__} {score!r}")
        return max((step.points for step in self.thresholds if score >= step.f1), default=0)

    def next_step(self, correct: int, total: int) -> NextStep | None:
        """The nearest step up from `correct` right of `total`, or None at the top.

        On a small test set one more image can climb several thresholds; the step names the points really reached.

        Raises:
            ValueError: not 0 <= correct <= total, or total is 0.
        """
        if not 0 <= correct <= total or total == 0:
            raise ValueError(f"{correct} right of {total} is not a score")
        now = self.points_for(Fraction(correct, total))
        above = next((step for step in self.thresholds if step.points > now), None)
        if above is None:
            return None
        needed = _images_for(above.f1, total)
        reached = max(
            (step for step in self.thresholds if Fraction(needed, total) >= step.f1), key=lambda step: step.points
        )
        return NextStep(points=reached.points, f1=reached.f1, images_needed=needed, more=needed - correct)


def truncated(score: Fraction, decimals: int = 5) -> str:
    """The score cut off after so many decimals, never rounded: 892/941 is 0.94792.

    Raises:
        ValueError: the score is negative or decimals is below 1.
    """
    if score < 0 or decimals < 1:
        raise ValueError(f"cannot print {score} with {decimals} decimals")
    scale = 10**decimals
    whole, rest = divmod(score.numerator * scale // score.denominator, scale)
    return f"{whole}.{rest:0{decimals}d}"


def _images_for(f1: Fraction, total: int) -> int:
    """The smallest k with k/total >= f1: a ceiling in integers."""
    return -(-f1.numerator * total // f1.denominator)


def _parse_row(row: Sequence[str | int]) -> Threshold:
    if isinstance(row, str) or len(row) != 2:
        raise _invalid(_("A row of the points table is {row!r}, not a threshold and its points.").format(row=row))
    f1, points = row
    if not isinstance(f1, str | int) or isinstance(f1, bool):
        raise _invalid(_('The threshold {f1!r} is not exact; write it in quotes: "0.97".').format(f1=f1))
    if not isinstance(points, int) or isinstance(points, bool):
        raise _invalid(_("Points are whole numbers, not {points!r}.").format(points=points))
    try:
        return Threshold(Fraction(f1), points)
    except (ValueError, ZeroDivisionError):
        raise _invalid(_("The threshold {f1!r} is not a number.").format(f1=f1)) from None


def _invalid(message: str) -> InvalidConfig:
    return InvalidConfig(message, remedy=_('Write the table like this: [["0.83", 1], ["0.84", 2]].'))


def _row(step: Threshold) -> str:
    return f'["{_decimal(step.f1)}", {step.points}]'


def _decimal(f1: Fraction) -> str:
    return f"{float(f1):.6g}"


DEFAULT_TABLE = PointsTable(tuple(Threshold(Fraction(82 + points, 100), points) for points in range(1, 16)))
"""The lesson's scale: 0.83 is 1 point, every further 0.01 is one more, 0.97 is 15."""
