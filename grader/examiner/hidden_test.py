"""Run a hidden test in the trusted process, against stand-ins for the student's objects."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from grader.errors import (
    AuthorFault,
    CheckFailed,
    EnvironmentFault,
    KernelGone,
    LimitExceeded,
    StudentCodeRaised,
    StudentFault,
)
from grader.examiner.error_meanings import explain
from grader.examiner.examination import Examination, as_current, inputs_were_changed
from grader.examiner.randomness import seed_freshly
from grader.examiner.remote import Session
from grader.language import _
from grader.outcomes import Outcome, TaskResult
from grader.printable import printable

MAX_MESSAGE = 8000
STANDARD = {"torch": torch, "nn": nn, "F": F, "np": np, "numpy": np, "math": math, "torchvision": torchvision}


@lru_cache(maxsize=1024)
def free_names(code: str) -> tuple[str, ...]:
    """Names that the code reads and that are neither its own nor imported, builtins or standard modules.

    Raises:
        SyntaxError: the code does not parse.
    """
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return tuple(sorted(read - bound - set(STANDARD) - set(dir(builtins))))


def examine(
    code: str,
    grade_id: str,
    max_points: float,
    session: Session,
    examination: Examination,
    student_names: frozenset[str],
) -> TaskResult:
    """Run one hidden test.

    Args:
        code: the hidden part of the cell.
        grade_id: the cell's name.
        max_points: points it is worth.
        session: the way to the student's objects.
        examination: what the test may use besides.
        student_names: names that a run of the author's cells would define. They are named first where some are
            missing; so are others, for a stub need not say what the student is to define.

    Returns:
        The outcome. Full points if the test ends without an exception; if it ends with a number, that many points.
        A fault of the test itself is `NOT_GRADED`, never 0.
    """
    examination.notes.clear()
    examination.has_changed_inputs = False
    session.uses.clear()
    try:
        wanted = free_names(code)
        found = session.names(wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            missing = [name for name in missing if name in student_names] or missing
            raise CheckFailed(
                _("{names} is not defined.").format(names=", ".join(missing)),
                remedy=_("Run the notebook from top to bottom: the cell that defines it must end without an error."),
            )
        with as_current(examination), _fresh_randomness(), settings_for_small_inputs():
            value = _execute(code, {**STANDARD, **found})
        if examination.has_changed_inputs:
            raise inputs_were_changed()
        points = _points(value, max_points)
    except Exception as error:  # noqa: BLE001  a test may choke on any answer; that is an answer's fault, and recorded
        failure = _failure(error)
        finding, remedy = failure.finding, failure.remedy
        joint = "\n" if isinstance(error, StudentCodeRaised) else " "  # a traceback ends with its line
        message = printable(f"{finding}{joint}{remedy}".rstrip() if remedy else finding, MAX_MESSAGE)
        said, advice = printable(finding, MAX_MESSAGE), printable(remedy, MAX_MESSAGE)
        return TaskResult(grade_id, failure.outcome, 0.0, max_points, message, said, advice)
    message = printable("\n".join(examination.notes), MAX_MESSAGE)
    return TaskResult(grade_id, Outcome.of(points, max_points), points, max_points, message, message)


@dataclass(frozen=True)
class _Failure:
    """Why a test gave no points.

    Attributes:
        outcome: says whose fault it is.
        finding: what is wrong with the answer.
        remedy: what to try; may be empty.
    """

    outcome: Outcome
    finding: str
    remedy: str = ""


def _failure(error: Exception) -> _Failure:  # noqa: PLR0911  one line for each kind of fault
    """Sort an exception by whose fault it is."""
    match error:
        case StudentCodeRaised():
            return _Failure(Outcome.RAISED, _("Your code raised an error: ") + error.message, explain(error.message))
        case LimitExceeded():
            return _Failure(Outcome.TIMED_OUT, _("Too slow: ") + error.message, error.remedy)
        case KernelGone():
            return _Failure(Outcome.RAISED, error.message, error.remedy)
        case EnvironmentFault() | AuthorFault():
            return _Failure(Outcome.NOT_GRADED, str(error))
        case StudentFault():
            return _Failure(Outcome.FAILED, error.message, error.remedy)
        case AssertionError():
            text = str(error).strip()
            return _Failure(Outcome.FAILED, text or _("A hidden test compared a value and found it wrong."))
        case SyntaxError() | ImportError() | NameError():
            return _Failure(Outcome.NOT_GRADED, _author_fault(error))
        case _:
            return _Failure(Outcome.FAILED, _test_failed_on_answer(error))


@contextlib.contextmanager
def _fresh_randomness() -> Iterator[None]:
    """Random numbers that nobody can know before: neither the last submission's seed nor a fixed one decides them."""
    with torch.random.fork_rng(devices=[]):
        seed = seed_freshly()
        np.random.seed(seed % 2**32)
        random.seed(seed)
        yield


@contextlib.contextmanager
def settings_for_small_inputs() -> Iterator[None]:
    """Settings of torch that suit small inputs: one thread, for two mostly wait for each other, and no oneDNN.

    oneDNN compiles code for each new shape of a convolution, 2 ms. The student's calls follow, see `Session.answer`.
    """
    before = torch.get_num_threads(), torch.backends.mkldnn.enabled
    torch.set_num_threads(1)
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]  # a property, unknown to the stubs
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = before[1]
        torch.set_num_threads(before[0])


def _execute(code: str, namespace: dict[str, Any]) -> Any:
    """Execute the code.

    Returns:
        The value of the last statement if it is an expression, or None.
    """
    statements, value = _compiled(code)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(statements, namespace)  # noqa: S102  the author's text, not the student's
        return None if value is None else eval(value, namespace)  # noqa: S307  as above


@lru_cache(maxsize=1024)
def _compiled(code: str) -> tuple[CodeType, CodeType | None]:
    """Compile the code; a last statement that is an expression is compiled by itself.

    Returns:
        The statements, and the last expression, if any.

    Raises:
        SyntaxError: the code does not parse.
    """
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    value = None
    if isinstance(last, ast.Expr):
        tree.body.pop()
        value = compile(ast.Expression(last.value), "<hidden test>", "eval")
    return compile(tree, "<hidden test>", "exec"), value


def _points(value: Any, max_points: float) -> float:
    """Points for the value of a test: a number is partial credit, anything else is full points, as in nbgrader.

    Raises:
        CheckFailed: the number is not finite, so nothing can be said for the answer.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return max_points
    if not math.isfinite(value):
        raise CheckFailed(_("The result is not a number."))
    return min(max(float(value), 0.0), max_points)


def _author_fault(error: Exception) -> str:
    return _("This test could not run ({kind}); your teacher sees it. It is not your mistake.").format(
        kind=type(error).__name__
    )


def _test_failed_on_answer(error: Exception) -> str:
    """Say that a test could not work with the answer.

    The text may name values of the student's, never the test's lines.
    """
    return _("The test could not work with what your code returned: {kind}: {text}").format(
        kind=type(error).__name__, text=str(error)[:500]
    )
