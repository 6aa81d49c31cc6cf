"""Run a hidden test in the trusted process, against stand-ins for the student's objects."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import math
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
from grader.examiner.examination import Examination, going_on
from grader.examiner.remote import Session
from grader.language import _
from grader.outcomes import Outcome, TaskResult

STANDARD = {"torch": torch, "nn": nn, "F": F, "np": np, "numpy": np, "math": math, "torchvision": torchvision}


def free_names(code: str) -> list[str]:
    """Names that the code reads and neither defines, imports, nor finds among the builtins or the standard modules.

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
    return sorted(read - bound - set(STANDARD) - set(dir(builtins)))


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
        student_names: names that a run of the notebook would define; a missing one is the student's doing.

    Returns:
        The outcome. Full points if the test ends without an exception; if it ends with a number, that many points.
        A fault of the test itself is `NOT_GRADED`, never 0.
    """
    examination.notes.clear()
    try:
        wanted = free_names(code)
        found = session.names(wanted)
        missing = [name for name in wanted if name not in found and name in student_names]
        if missing:
            raise CheckFailed(
                _("{names} is not defined.").format(names=", ".join(missing)),
                remedy=_("Run the notebook from top to bottom: the cell that defines it must end without an error."),
            )
        with going_on(examination):
            value = _execute(code, {**STANDARD, **found})
        points = _points(value, max_points)
    except StudentCodeRaised as error:
        return TaskResult(grade_id, Outcome.RAISED, 0.0, max_points, _("Your code raised an error: ") + error.message)
    except LimitExceeded as error:
        return TaskResult(grade_id, Outcome.TIMED_OUT, 0.0, max_points, _("Too slow: ") + str(error))
    except KernelGone as error:
        return TaskResult(grade_id, Outcome.RAISED, 0.0, max_points, str(error))
    except (EnvironmentFault, AuthorFault) as error:
        return TaskResult(grade_id, Outcome.NOT_GRADED, 0.0, max_points, str(error))
    except (StudentFault, AssertionError) as error:
        message = str(error).strip() or _("A hidden test compared a value and found it wrong.")
        return TaskResult(grade_id, Outcome.FAILED, 0.0, max_points, message)
    except (SyntaxError, ImportError, NameError) as error:
        return TaskResult(grade_id, Outcome.NOT_GRADED, 0.0, max_points, _author_fault(error))
    except Exception as error:  # noqa: BLE001  a test may choke on any answer; that is an answer's fault, and recorded
        return TaskResult(grade_id, Outcome.FAILED, 0.0, max_points, _choked(error))
    outcome = Outcome.PASSED if points == max_points else Outcome.PARTIAL if points else Outcome.FAILED
    return TaskResult(grade_id, outcome, points, max_points, "\n".join(examination.notes))


def _execute(code: str, namespace: dict[str, Any]) -> Any:
    """Execute; the value of the last statement if it is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(tree, "<hidden test>", "exec"), namespace)  # noqa: S102  the author's text, not the student's
        if last is not None:
            return eval(compile(ast.Expression(last.value), "<hidden test>", "eval"), namespace)  # noqa: S307
    return None


def _points(value: Any, max_points: float) -> float:
    """A number is partial credit, anything else is full points, as in nbgrader.

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


def _choked(error: Exception) -> str:
    """What a test could not do with the answer. The text may name values of the student's, never the test's lines."""
    return _("The test could not work with what your code returned: {kind}: {text}").format(
        kind=type(error).__name__, text=str(error)[:500]
    )
