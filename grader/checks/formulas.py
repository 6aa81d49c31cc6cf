"""A function of numbers that a student wrote by hand, against the formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.checks.calling import ORDINARY_ERRORS
from grader.checks.values import same_value
from grader.errors import CheckFailed, StudentCodeRaised
from grader.language import _


@dataclass(frozen=True)
class WrongFormula:
    """A formula that is wrong in a known way, and what to tell an author whose function equals it.

    Attributes:
        formula: takes the arguments of the right one.
        message: names the mistake, in the reader's language.
    """

    formula: Callable[..., Any]
    message: str


def same_formula(
    student: Callable[..., object],
    formula: Callable[..., Any],
    points: Sequence[tuple[Any, ...]],
    *,
    mistakes: Sequence[WrongFormula] = (),
) -> None:
    """The student's function gives the formula's numbers, exactly, at every point.

    Args:
        student: the student's function.
        formula: the right one: arguments -> a number or a list of numbers.
        points: arguments of each call; choose them so that no mistake gives the right number everywhere.
        mistakes: known wrong formulas. The author of a function that equals one at all points reads its message.

    Raises:
        CheckFailed: another number somewhere; the message says at which arguments.
    """
    found = [_value(student, point) for point in points]
    failures = [_difference(value, formula(*point)) for value, point in zip(found, points, strict=True)]
    if not any(failures):
        return
    point, failure = next((point, failure) for point, failure in zip(points, failures, strict=True) if failure)
    what = _("With the arguments {arguments}: {what}").format(arguments=_listed(point), what=failure.message)
    for mistake in mistakes:
        if not any(_difference(value, mistake.formula(*where)) for value, where in zip(found, points, strict=True)):
            raise CheckFailed(what, remedy=mistake.message)
    raise CheckFailed(what, remedy=failure.remedy)


def _value(student: Callable[..., object], point: tuple[Any, ...]) -> object:
    try:
        return student(*point)
    except ORDINARY_ERRORS as error:
        text = str(error) if isinstance(error, StudentCodeRaised) else f"{type(error).__name__}: {error}"
        raise CheckFailed(
            _("Your function raised an error with the arguments {arguments}: {error}").format(
                arguments=_listed(point), error=text
            )
        ) from error


def _difference(value: object, right: object) -> CheckFailed | None:
    try:
        # Whole numbers below 10^9: 1e-12 tells a difference of 1 among them.
        same_value(value, right, tolerance=1e-12)
    except CheckFailed as failure:
        return failure
    return None


def _listed(point: tuple[Any, ...]) -> str:
    return ", ".join(str(argument) for argument in point) or _("left out")
