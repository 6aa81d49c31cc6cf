"""One class, built in several ways: where a mistake shows says what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from grader.checks.calling import student_errors_explained
from grader.checks.equivalence import same_function
from grader.checks.suspects import Suspect
from grader.errors import CheckFailed
from grader.examiner.meanwhile import meanwhile
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
    failures: list[CheckFailed] = []
    wrong, right = [], []
    for case in cases:
        try:
            with meanwhile(partial(reference, *case.arguments)) as correct:
                with student_errors_explained(()):
                    module = student(*case.arguments)
                known = () if suspects is None else suspects(*case.arguments)
                same_function(module, correct.value, draw(*case.arguments), suspects=known, gradients=gradients)
        except CheckFailed as failure:
            failures.append(failure)
            wrong.append(case.where)
        else:
            right.append(case.where)
    if failures and not right:
        raise failures[0]
    if failures:
        raise CheckFailed(
            _("{message} It shows {wrong}; {right} everything agrees.").format(
                message=failures[0].message, wrong=_(" and ").join(wrong), right=_(" and ").join(right)
            ),
            remedy=failures[0].remedy,
        )
