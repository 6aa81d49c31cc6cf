"""What gradebook, class database and `autograded/` hold of results that the ledger knows.

Each is read once for a whole assignment: `grader grade` asks this of every submission of a class.
"""

from __future__ import annotations

import math
from enum import StrEnum

from nbgrader.api import Assignment, BaseCell, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select

from grader.course.folder import Course
from grader.grading.job import Graded
from grader.record.database import ClassDatabase

Scores = dict[str, float | None]


class Store(StrEnum):
    """A place that results are recorded in, beside the ledger."""

    AUTOGRADED = "autograded/"
    GRADEBOOK = "gradebook"
    DATABASE = "class database"


class StoredResults:
    """Checks whether the three stores of a class hold a result; keeps what it has read."""

    def __init__(self, course: Course, gradebook: Gradebook, database: ClassDatabase) -> None:
        self._course = course
        self._gradebook = gradebook
        self._database = database
        self._scores: dict[str, dict[str, Scores]] = {}
        self._runs: set[str] | None = None

    def look_again(self) -> None:
        """Forget what was read."""
        self._scores.clear()
        self._runs = None

    def note(self, slug: str, student: str, result: Graded) -> None:
        """Take note of a result that was recorded just now."""
        if slug in self._scores:
            self._scores[slug][student] = {task.grade_id: task.points for task in result.report.tasks}
        if self._runs is not None and result.report.is_complete:
            self._runs.add(result.key)

    def has_run(self, key: str) -> bool:
        """Whether the class database has a scored run under this key; a failed one is worth trying again."""
        if self._runs is None:
            self._runs = self._database.scored_keys()
        return key in self._runs

    def lacking(self, slug: str, student: str, result: Graded) -> tuple[Store, ...]:
        """The places that do not hold this result, whose run was scored."""
        asked = (
            (Store.AUTOGRADED, self._has_notebook(slug, student, result)),
            (Store.GRADEBOOK, self._has_scores(slug, student, result)),
            (Store.DATABASE, self.has_run(result.key)),
        )
        return tuple(store for store, is_there in asked if not is_there)

    def _has_notebook(self, slug: str, student: str, result: Graded) -> bool:
        try:
            return (self._course.autograded / student / slug / f"{slug}.ipynb").read_bytes() == result.notebook
        except OSError:
            return False

    def _has_scores(self, slug: str, student: str, result: Graded) -> bool:
        if slug not in self._scores:
            self._scores[slug] = scores_of(self._gradebook, slug)
        held = self._scores[slug].get(student)
        return held is not None and all(
            _is_near(held.get(task.grade_id), task.points) for task in result.report.tasks if task.outcome.is_graded
        )


def scores_of(gradebook: Gradebook, slug: str) -> dict[str, Scores]:
    """The automatic points of every cell by student: one query, since nbgrader's own way takes one a student."""
    query = (
        select(SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score)
        .select_from(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .outerjoin(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .outerjoin(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .outerjoin(BaseCell, BaseCell.id == Grade.cell_id)
        .where(Assignment.name == slug)
    )
    found: dict[str, Scores] = {}
    for student, cell, points in gradebook.db.execute(query):
        scores = found.setdefault(student, {})
        if cell is not None:
            scores[cell] = points
    return found


def _is_near(held: float | None, points: float) -> bool:
    return held is not None and math.isclose(held, points, abs_tol=1e-6)
