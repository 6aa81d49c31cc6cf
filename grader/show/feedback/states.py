"""What became of a check, in words and a sign; and what to try where the check itself has no advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.language import _
from grader.outcomes import Outcome
from grader.show.feedback.grades import Grade


class State(StrEnum):
    """An outcome as a student reads it: a test's, or a person's."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    OVER_LIMIT = "over_limit"
    NOT_REACHED = "not_reached"
    NOT_GRADED = "not_graded"
    WAITING = "waiting"
    REVIEWED = "reviewed"
    EMPTY = "empty"


class Sign(StrEnum):
    """A picture beside the words, named as in the page's template; colour follows it and never stands alone."""

    DONE = "done"
    PART = "part"
    LOST = "lost"
    WAIT = "wait"


@dataclass(frozen=True)
class CheckStatus:
    """How a check stands.

    Attributes:
        state: what became of it.
        sign: the picture beside the words.
        words: what became of it, in the reader's language.
    """

    state: State
    sign: Sign
    words: str

    @property
    def is_waiting(self) -> bool:
        """Whether points may still come without the student's doing."""
        return self.sign is Sign.WAIT


def check_status(outcome: Outcome | None, grade: Grade, *, is_test: bool, is_empty: bool) -> CheckStatus:
    """How a check stands; points of the gradebook decide, what the run said explains.

    Args:
        outcome: what the run said; None where a notebook was graded by nbgrader alone.
        grade: the gradebook's points.
        is_test: whether points come from running the cell.
        is_empty: whether there is no answer yet: nothing was written, or `NotImplementedError` still stands there.
    """
    state = _state(outcome, grade, is_test=is_test, is_empty=is_empty)
    words = {
        State.PASSED: _("Passed"),
        State.PARTIAL: _("Passed in part"),
        State.FAILED: _("Not passed"),
        State.RAISED: _("An error in the code"),
        State.TIMED_OUT: _("Too slow"),
        State.OVER_LIMIT: _("Over the limit"),
        State.NOT_REACHED: _("Not reached"),
        State.NOT_GRADED: _("Could not be checked; a teacher looks at it"),
        State.WAITING: _("Waits for a teacher"),
        State.REVIEWED: _("Read by a teacher"),
        State.EMPTY: _("No answer"),
    }[state]
    return CheckStatus(state, _sign(state, grade), words)


_REASONS = (Outcome.RAISED, Outcome.TIMED_OUT, Outcome.OVER_LIMIT, Outcome.NOT_REACHED)


def _state(outcome: Outcome | None, grade: Grade, *, is_test: bool, is_empty: bool) -> State:  # noqa: PLR0911
    if grade.is_by_teacher:
        return State.REVIEWED
    if grade.is_waiting:
        return State.NOT_GRADED if is_test else State.WAITING
    if is_empty and not grade.points:
        return State.EMPTY
    if grade.max_points and grade.points >= grade.max_points:
        return State.PASSED
    if grade.points:
        return State.PARTIAL
    if outcome is Outcome.PASSED and not grade.max_points:
        return State.PASSED
    return State(outcome) if outcome in _REASONS else State.FAILED


def _sign(state: State, grade: Grade) -> Sign:
    if state in (State.NOT_GRADED, State.WAITING):
        return Sign.WAIT
    if state is State.PASSED or (grade.points >= grade.max_points > 0):
        return Sign.DONE
    return Sign.PART if grade.points else Sign.LOST


def advice(state: State, finding: str) -> str:  # noqa: PLR0911  one line for each kind
    """What to try, for a check that says nothing of it; often empty."""
    if "NotImplementedError" in finding:
        return _("Write your solution in place of the line `raise NotImplementedError()`.")
    if state is State.RAISED and "NameError" in finding:
        return _(
            "Restart the kernel and run the notebook from top to bottom: every name has to be defined in a cell above "
            "this check, and spelled the same."
        )
    if state is State.RAISED:
        return _("Run the visible part of this check in your notebook: Python shows the line that fails.")
    if state in (State.TIMED_OUT, State.OVER_LIMIT):
        return _("Look for a loop that never ends, and for work that is done again and again inside a loop.")
    if state is State.NOT_REACHED:
        return _("Put right what stopped the notebook; then this check will run.")
    if state is State.EMPTY:
        return _("Write your answer in the cell below the question and hand the notebook in again.")
    return ""


def advice_on_failure(kind: str, failure: str) -> str:
    """What to try where a cell of the student's went wrong.

    Args:
        kind: the exception's class, empty where a limit struck or the process ended.
        failure: what happened, in words.
    """
    if kind in ("SyntaxError", "IndentationError", "TabError"):
        return _(
            "Python could not read this cell, so nothing in it has run. Look at the marked line and the one above it: "
            "a colon, a bracket, a quotation mark or an indentation is missing or superfluous."
        )
    if kind in ("ModuleNotFoundError", "ImportError"):
        return _("This library is not there where notebooks are graded. Use those that the notebook came with.")
    if kind:
        return _("Restart the kernel, run the notebook from top to bottom and put right the first cell that fails.")
    if "os._exit" in failure or "exit()" in failure:
        return _("Take out whatever ends Python: `exit()`, `quit()`, `os._exit()`.")
    return _(
        "Run this cell alone. If it does not end within a minute, look for a loop that never ends; if memory runs out, "
        "make tensors smaller."
    )
