"""A function of numbers that a student wrote by hand, against the formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from grader.checks.calling import ORDINARY_ERRORS, error_text
from grader.checks.suspects import WrongFormula
from grader.checks.values import value_failure
from grader.errors import CheckFailed
from grader.language import _

_MOST = 12  # numbers of a list that a message shows
_MOST_DIGITS = 40


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
    right = [formula(*point) for point in points]
    wrong = [number for number, value in enumerate(found) if not _equal(value, right[number])]
    if not wrong:
        return
    first = wrong[0]
    what = _("With the arguments {arguments}: found {found}, expected {expected}.").format(
        arguments=_listed(points[first]), found=shown(found[first]), expected=shown(right[first])
    )
    for mistake in mistakes:
        if all(_equal(value, mistake.function(*point)) for value, point in zip(found, points, strict=True)):
            raise CheckFailed(what, remedy=mistake.message)
    raise CheckFailed(what, remedy=_("Is there a `return` at its end?") if found[first] is None else "")


def _value(student: Callable[..., object], point: tuple[Any, ...]) -> object:
    try:
        return student(*point)
    except ORDINARY_ERRORS as error:
        raise CheckFailed(
            _("Your function raised an error with the arguments {arguments}: {error}").format(
                arguments=_listed(point), error=error_text(error)
            )
        ) from error


def _equal(value: object, right: object) -> bool:
    # Whole numbers below 10^9: 1e-12 tells a difference of 1 among them.
    return value_failure(value, right, tolerance=1e-12) is None


def shown(value: object) -> str:
    """A number as people write it, a list of them, or the type of anything else."""
    if isinstance(value, list | tuple):
        items = ", ".join(shown(item) for item in value[:_MOST])
        return f"[{items}, ...]" if len(value) > _MOST else f"[{items}]"
    if isinstance(value, Tensor):
        return shown(value.tolist())
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"[:_MOST_DIGITS]
    if isinstance(value, float):
        return f"{value:,.0f}"[:_MOST_DIGITS] if value.is_integer() else f"{value:,.6g}"
    return str(value) if value is None else type(value).__name__


def _listed(point: tuple[Any, ...]) -> str:
    return ", ".join(shown(argument) for argument in point) or _("left out")
