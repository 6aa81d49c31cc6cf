"""Numeric derivatives: functions to try them on, and what unlucky steps give.

The functions stay with the examiner: the student's process asks for their values, and at which points it has asked is
seen here. Reading a function's own variables, to look its formula up, leads nowhere.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from grader.checks.functions import same_results
from grader.checks.known_mistakes import WrongFormula
from grader.checks.skip_connection.chain import drawn_number
from grader.errors import CheckFailed
from grader.language import _

NEAR = 1.0  # a difference with a larger step is none
SMALL = 0.05  # a part of the derivative that all points have in common: h * h for a step below 0.2
_NAMES = ("f", "a", "c")
_KINDS = ("sin", "cube", "exp")


def drawn_points() -> list[tuple[str, float, float]]:
    """Which function, where it is differentiated, and its constant: each function twice, and once at zero."""
    points = [(kind, drawn_number(), drawn_number(1.0, 2.0)) for kind in _KINDS * 2]
    points.append(("cube", 0.0, drawn_number(1.0, 2.0)))
    random.shuffle(points)
    return points


class _Asked:
    """A function that remembers where it was asked."""

    def __init__(self, kind: str, c: float) -> None:
        self._kind, self._c = kind, c
        self.points: set[float] = set()

    def value(self, t: float) -> float:
        found = probe(self._kind, t, self._c)
        self.points.add(float(t))
        return found


def numeric_derivative_matches(
    student: Callable[..., object], points: Sequence[tuple[str, float, float]], *, tolerance: float = 1e-5
) -> None:
    """The student's numeric derivative is right, and was found from values of the function.

    Args:
        student: (function of a number, number) -> derivative.
        points: of `drawn_points`.
        tolerance: as in `same_value`.

    Raises:
        CheckFailed: a derivative is another, or less than two values near the point were asked for.
    """
    nearby: list[int] = []
    ratios: list[float] = []

    def derivative(kind: str, a: float, c: float) -> object:
        asked = _Asked(kind, c)
        found = student(lambda t: asked.value(t), a)  # noqa: PLW0108  what crosses is a function
        nearby.append(sum(abs(t - a) <= NEAR for t in asked.points))
        right = probe_derivative(kind, a, c)
        if right and isinstance(found, int | float):
            ratios.append(found / right)
        return found

    try:
        same_results(
            derivative, probe_derivative, points, names=_NAMES, mistakes=numeric_mistakes(), tolerance=tolerance
        )
    except CheckFailed as failure:
        if ratios and 0 < max(ratios) < SMALL and max(ratios) - min(ratios) < max(ratios) / 10:
            brackets = _("Brackets are missing: `/ 2 * h` divides by 2 and multiplies by h. Write `/ (2 * h)`.")
            raise CheckFailed(failure.message, remedy=brackets) from failure
        raise
    if min(nearby) < 2:
        raise CheckFailed(
            _("The function asked for {count} values of `f` near `a`, and a difference needs two.").format(
                count=min(nearby)
            ),
            remedy=_("Find the derivative from the values of `f` alone: any function may be given."),
        )


def probe(kind: str, t: float, c: float) -> float:
    """The functions that a numeric derivative is tried on; the notebook writes them in the same way."""
    return {"sin": math.sin(c * t), "cube": c * t**3, "exp": math.exp(c * t)}[kind]


def probe_derivative(kind: str, t: float, c: float) -> float:
    """Their derivatives by t."""
    return {"sin": c * math.cos(c * t), "cube": 3 * c * t**2, "exp": c * math.exp(c * t)}[kind]


def numeric_mistakes() -> list[WrongFormula]:
    """Numeric differences with unlucky steps, and ones that are no differences."""

    def two_sided(kind: str, t: float, c: float, h: float) -> float:
        return (probe(kind, t + h, c) - probe(kind, t - h, c)) / (2 * h)

    def one_sided(kind: str, t: float, c: float, h: float) -> float:
        return (probe(kind, t + h, c) - probe(kind, t, c)) / h

    def with_step(difference: Callable[..., float], h: float) -> Callable[..., float]:
        return lambda kind, t, c: difference(kind, t, c, h)

    mistakes = [
        WrongFormula(lambda kind, t, c: 0.0, _("The two points are the same, or the step is smaller than rounding."))
    ]
    for exponent in range(1, 19):
        h = 10.0**-exponent
        text = (
            _("The step is about {step:g}: too large, the curve is not straight on such a stretch.")
            if exponent < 7
            else _(
                "The step is about {step:g}: so small that the difference of the two values is rounding noise. A float "
                "has 16 digits; leave the difference at least half of them."
            )
        ).format(step=h)
        for difference in (two_sided, one_sided):
            mistakes.append(WrongFormula(with_step(difference, h), text))
    forgotten = _("The distance between the two points is 2h: divide by it.")
    mistakes += [
        WrongFormula(lambda kind, t, c: 2 * probe_derivative(kind, t, c), forgotten),
    ]
    return mistakes
