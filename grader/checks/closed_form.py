"""A formula in plain numbers, compared at many arguments: a wrong one that is known is recognised and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grader.checks.calling import student_errors_explained
from grader.checks.suspects import WrongFormula
from grader.checks.values import value_failure
from grader.errors import CheckFailed
from grader.language import _

TOLERANCE = 1e-9


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
        if (failure := value_failure(value, formula(*point), tolerance=TOLERANCE)) is not None
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
        wrong = (mistake.function(*point) for point in points)
        if all(value_failure(one, two, tolerance=TOLERANCE) is None for one, two in zip(found, wrong, strict=True)):
            raise CheckFailed(message, remedy=mistake.message)
    raise CheckFailed(message, remedy=failure.remedy if found[points.index(point)] is None else "")
