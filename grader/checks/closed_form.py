"""A formula in plain numbers, compared at many arguments: a wrong one that is known is recognised and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.checks.calling import student_errors_explained
from grader.checks.values import same_value
from grader.errors import CheckFailed
from grader.language import _


@dataclass(frozen=True)
class WrongFormula:
    """A formula that students write by mistake.

    Attributes:
        function: the arguments -> the wrong result.
        message: names the mistake, in the reader's language.
    """

    function: Callable[..., object]
    message: str


def formula_matches(
    student: Callable[..., object],
    formula: Callable[..., object],
    points: Sequence[tuple[Any, ...]],
    *,
    mistakes: Sequence[WrongFormula] = (),
) -> None:
    """The student's function gives the formula's result at every point.

    Args:
        student: the student's function; it is called with positional arguments.
        formula: the right function: numbers -> a number, or a list of them.
        points: the arguments; several, so that a table of results helps nobody.
        mistakes: known wrong formulas. The author of a function that equals one at every point reads its message.

    Raises:
        CheckFailed: at some point it is another result; the message says where, and at how many points it is right.
    """
    found = []
    for point in points:
        with student_errors_explained(()):
            found.append(student(*point))
    failures = [
        (point, failure)
        for point, value in zip(points, found, strict=True)
        if (failure := _failure(value, formula(*point))) is not None
    ]
    if not failures:
        return
    point, failure = failures[0]
    message = _("Arguments: {point}. {what} It is right in {right} of {total} cases.").format(
        point=", ".join(map(str, point)),
        what=failure.message,
        right=len(points) - len(failures),
        total=len(points),
    )
    for mistake in mistakes:
        if all(_failure(value, mistake.function(*point)) is None for point, value in zip(points, found, strict=True)):
            raise CheckFailed(message, remedy=mistake.message)
    raise CheckFailed(message, remedy=failure.remedy if found[points.index(point)] is None else "")


def _failure(found: object, expected: object) -> CheckFailed | None:
    try:
        same_value(found, expected, tolerance=1e-9)
    except CheckFailed as failure:
        return failure
    return None
