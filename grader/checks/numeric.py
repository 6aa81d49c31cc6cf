"""Numeric derivatives: functions to try them on, and what unlucky steps give."""

from __future__ import annotations

import math
from collections.abc import Callable

from grader.checks.suspects import WrongFormula
from grader.language import _


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
