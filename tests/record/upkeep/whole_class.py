"""What a class knows, to be compared before and after a fault; and a grading that may run nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.pipeline import grade_class
from grader.record.database import ClassDatabase
from grader.record.database.decisions import grades_of
from grader.record.database.queries import Board
from grader.record.ledger import Ledger
from grader.record.planning import Row
from grader.record.upkeep.stored_results import scores_of
from grader.show.export import GradeLine, grade_table


@dataclass(frozen=True)
class Known:
    """Points per cell in the gradebook, runs, grades on the page, lines of the export, executed notebooks."""

    cells: dict[str, dict[str, float | None]]
    runs: list[tuple[str, float | None, tuple[tuple[str, float | None], ...]]]
    page: list[tuple[str, float | None]]
    export: list[GradeLine]
    notebooks: dict[str, str]


def known(course: Course, slug: str = "resnet") -> Known:
    with open_gradebook(course) as gradebook:
        cells = scores_of(gradebook, slug)
    with ClassDatabase.open(course.database_url) as database:
        runs = [
            (
                report.student_id,
                report.record.points,
                tuple((task.grade_id, task.points) for task in report.record.tasks),
            )
            for report in database.reports(assignment=slug, every_run=True)
        ]
    with Board.open(course.database_url) as board:
        page = [(line.student_id, line.effective_points) for line in grades_of(board) if line.assignment == slug]
    notebooks = {
        path.parent.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(course.autograded.glob(f"*/{slug}/{slug}.ipynb"))
    }
    return Known(cells, runs, page, grade_table(course), notebooks)


class Refuses(Executor):
    """Runs nothing, and says so."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        future.set_exception(AssertionError("a notebook was to be run"))
        return future


@contextmanager
def nobody(_slots: int) -> Iterator[Executor]:
    """Workers for a grading that may run nothing."""
    yield Refuses()


def grade_without_running(course: Course) -> dict[str, Row]:
    return {row.student: row for row in grade_class(course, ["resnet"], workers=nobody)}


def entry(course: Course, student: str, kind: str = "json") -> Path:
    """The file of a student's standing result in the ledger."""
    return course.ledger / "results" / f"{Ledger(course.ledger).current('resnet', student)}.{kind}"
