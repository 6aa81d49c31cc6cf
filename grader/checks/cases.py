"""One class, built in several ways: where a mistake shows says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from grader.checks.calling import student_errors_explained
from grader.checks.equivalence import same_function
from grader.checks.known_mistakes import Suspect
from grader.errors import CheckFailed
from grader.examiner.meanwhile import meanwhile
from grader.examiner.side_by_side import side_by_side
from grader.language import _


@dataclass(frozen=True)
class Case:
    """One way to build the module.

    Attributes:
        arguments: for the student's class and for the reference.
        where: says what is special about it, in the reader's language, as in "It shows {where}."
    """

    arguments: tuple[Any, ...]
    where: str


def in_each(cases: Iterable[Sequence[Any]], check: Callable[..., object]) -> None:
    """The check holds in every case; as a loop, and quicker: two cases are examined side by side.

    So the next case may have begun when one fails.

    Args:
        cases: arguments of the check.
        check: examines one case; what one case does to the student's objects is no business of the others.

    Raises:
        CheckFailed: what the first case has raised that does not hold.
    """
    side_by_side([partial(check, *case) for case in cases])


def same_function_in_cases(
    student: Callable[..., object],
    reference: Callable[..., nn.Module],
    cases: Sequence[Case],
    draw: Callable[..., Tensor],
    *,
    suspects: Callable[..., Sequence[Suspect]] | None = None,
    gradients: bool = True,
) -> None:
    """The student's class builds the reference's function in every case.

    Args:
        student: the student's class, or a function that builds a module.
        reference: the same for a module that is right.
        cases: ways to build it.
        draw: a case's arguments -> an input for it.
        suspects: a case's arguments -> known mistakes.
        gradients: compare the gradients too.

    Raises:
        CheckFailed: in some case it is another function; the message says in which, and in which not.
    """

    def failure_in(case: Case) -> CheckFailed | None:
        try:
            with meanwhile(partial(reference, *case.arguments)) as correct:
                with student_errors_explained(()):
                    module = student(*case.arguments)
                known = () if suspects is None else suspects(*case.arguments)
                same_function(module, correct.value, draw(*case.arguments), suspects=known, gradients=gradients)
        except CheckFailed as failure:
            # A new one: it keeps no frames, and so none of the student's modules, alive.
            return CheckFailed(failure.message, remedy=failure.remedy)
        return None

    found = side_by_side([partial(failure_in, case) for case in cases])
    failures = [failure for failure in found if failure is not None]
    wrong = [case.where for case, failure in zip(cases, found, strict=True) if failure is not None]
    right = [case.where for case, failure in zip(cases, found, strict=True) if failure is None]
    if not failures:
        return
    message = failures[0].message
    if right:
        message = _("{message} It shows {wrong}; {right} everything agrees.").format(
            message=message, wrong=_(" and ").join(wrong), right=_(" and ").join(right)
        )
    raise CheckFailed(message, remedy=failures[0].remedy)
