"""The page as data: what the template prints, in the order in which it is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from grader.show.feedback.cell_outcome import CellOutcome
from grader.show.feedback.grades import Grade, Grades
from grader.show.feedback.states import CheckStatus, State

SHORT_LINES = 5
NOTHING = Markup()


@dataclass(frozen=True)
class Check:
    """One graded cell.

    Attributes:
        title: what it is about.
        status: what became of it.
        grade: its points.
        result: what the examination said.
        note: a line to read beside the points; empty where it stands under "What to fix".
        visible: the part of the test that the student has.
        comment: a teacher's.
    """

    title: str
    status: CheckStatus
    grade: Grade
    result: CellOutcome
    note: str = ""
    visible: Markup = NOTHING
    comment: Markup = NOTHING

    @property
    def is_lost(self) -> bool:
        """Whether points are missing that the student can get."""
        return self.grade.points < self.grade.max_points and not self.status.is_waiting


@dataclass(frozen=True)
class Output:
    """Something that a cell printed or drew.

    Attributes:
        text: what it printed; empty where it drew.
        left_out: lines that are not shown.
        picture: a `data:` address; empty where it printed.
        wrong: the exception, if the text is its traceback.
    """

    text: str = ""
    left_out: int = 0
    picture: str = ""
    wrong: str = ""


@dataclass(frozen=True)
class Piece:
    """A cell of the student's work.

    Attributes:
        label: what it is.
        body: the answer, code or text; empty for an author's cell, of which only the outputs are shown.
        remark: why there is nothing to see, or what went wrong.
        outputs: what it printed and drew.
        comment: a teacher's.
        is_code: whether the body is code.
    """

    label: str
    body: Markup = NOTHING
    remark: str = ""
    outputs: tuple[Output, ...] = ()
    comment: Markup = NOTHING
    is_code: bool = True

    @property
    def is_short(self) -> bool:
        """Whether the outputs are a few printed lines."""
        is_text = all(output.text and not output.wrong for output in self.outputs)
        return is_text and sum(output.text.count("\n") + 1 for output in self.outputs) <= SHORT_LINES


@dataclass(frozen=True)
class Task:
    """A task with its checks and the student's work on it."""

    number: int
    title: Markup
    checks: tuple[Check, ...]
    work: tuple[Piece, ...]

    @property
    def points(self) -> float:
        """Points given so far."""
        return sum(check.grade.points for check in self.checks)

    @property
    def max_points(self) -> float:
        """Points that the task is worth."""
        return sum(check.grade.max_points for check in self.checks)

    @property
    def is_open(self) -> bool:
        """Whether there is something in the work to look at first."""
        is_commented = any(piece.comment for piece in self.work)
        return is_commented or self.points < self.max_points or not self.checks


@dataclass(frozen=True)
class FirstFailure:
    """The first cell of the student's that went wrong: what follows mostly follows from it."""

    task: Task | None
    what: str
    remedy: str
    excerpt: str = ""


@dataclass(frozen=True)
class Fix:
    """Something to put right: checks that were lost for one and the same reason.

    Attributes:
        checks: the checks, each with its task.
        finding: what was found.
        detail: a traceback, often empty.
        remedy: what to try, often empty.
        follows: whether something else, earlier in the notebook, is very likely behind it.
    """

    checks: tuple[tuple[Task, Check], ...]
    finding: str
    detail: str
    remedy: str
    follows: bool = False

    @property
    def lost(self) -> float:
        """Points that are missing."""
        return sum(check.grade.max_points - check.grade.points for _task, check in self.checks)

    @property
    def by_task(self) -> list[tuple[Task, list[Check]]]:
        """The checks, task by task."""
        found: list[tuple[Task, list[Check]]] = []
        for task, check in self.checks:
            if not found or found[-1][0] is not task:
                found.append((task, []))
            found[-1][1].append(check)
        return found


@dataclass(frozen=True)
class Page:
    """Everything on the page but dates and names of the class."""

    title: str
    grades: Grades
    tasks: tuple[Task, ...]
    first_failure: FirstFailure | None = None
    fixes: tuple[Fix, ...] = ()

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """All checks."""
        return tuple(check for task in self.tasks for check in task.checks)

    @property
    def waiting(self) -> float:
        """Points that a teacher still decides on."""
        return sum(c.grade.max_points - c.grade.points for c in self.checks if c.status.is_waiting)

    @property
    def lost(self) -> float:
        """Points that are missing and that nobody decides on any more, late penalty left aside."""
        return sum(c.grade.max_points - c.grade.points for c in self.checks if c.is_lost)

    @property
    def are_tests_broken(self) -> bool:
        """Whether a test could not be run; that is not the student's fault."""
        return any(check.status.state is State.NOT_GRADED for check in self.checks)
