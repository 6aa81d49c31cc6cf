"""Points of an executed notebook into nbgrader's gradebook, with nbgrader's own code."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import is_solution
from sqlalchemy.exc import SAWarning

from grader.collect.submissions import Submission
from grader.course.folder import Course
from grader.course.nbgrader_config import nbgrader_config
from grader.grading.job import Graded
from grader.outcomes import Outcome
from grader.record.by_hand.alike import answer_hash
from grader.record.by_hand.answers import texts_of, work_hash
from grader.scoring.late import Policy

Resources = Any


class SealedSaveAutoGrades(SaveAutoGrades):
    """Saves points; a cell that could not be graded waits for a person and is not worth 0.

    Points that a teacher gave stand. nbgrader asks for them again after every run; here only where the answer that
    they were given for has changed.
    """

    _judged: Mapping[str, str] = {}
    _work = ""

    def save(
        self, nb: NotebookNode, gradebook: Gradebook, student: str, assignment: str, judged: Mapping[str, str]
    ) -> None:
        """The same as `preprocess`, in a gradebook that is open already: opening one costs more than the rest.

        Args:
            nb: the executed notebook.
            gradebook: open.
            student: whose it is.
            assignment: the assignment, and its notebook of the same name.
            judged: by cell, the hash of the answer that a teacher's points were given for.
        """
        self._judged, self._work = judged, work_hash(texts_of(nb))
        self.gradebook = gradebook
        self.student_id, self.assignment_id, self.notebook_id = student, assignment, assignment
        for index, cell in enumerate(nb.cells):
            self.preprocess_cell(cell, {}, index)

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        super()._add_score(cell, resources)
        if cell.metadata.get("springfield", {}).get("outcome") == Outcome.NOT_GRADED:
            marks = (self.notebook_id, self.assignment_id, self.student_id)
            grade = self.gradebook.find_grade(cell.metadata["nbgrader"]["grade_id"], *marks)
            grade.auto_score = None
            grade.needs_manual_grade = True
            self.gradebook.db.commit()
        elif cell.metadata["nbgrader"]["grade_id"] in self._judged:
            marks = (self.notebook_id, self.assignment_id, self.student_id)
            grade = self.gradebook.find_grade(cell.metadata["nbgrader"]["grade_id"], *marks)
            now = answer_hash(cell.source) if is_solution(cell) else self._work
            grade.needs_manual_grade = now != self._judged[cell.metadata["nbgrader"]["grade_id"]]
            self.gradebook.db.commit()


class GradebookWriter:
    """Writes results into the gradebook of one class."""

    def __init__(self, course: Course, gradebook: Gradebook) -> None:
        self._gradebook = gradebook
        self._database_url = course.gradebook_url
        self._config = nbgrader_config(course)
        self._late = course.config.late.policy
        self._deadlines = course.config.deadline_of

    def write(self, submission: Submission, result: Graded, judged: Mapping[str, str]) -> None:
        """Put a result's points in place of earlier ones; nbgrader reads them from the executed notebook.

        Args:
            submission: whose they are.
            result: what grading gave.
            judged: by cell, the hash of the answer that a teacher's points were given for.

        Raises:
            EnvironmentFault: the gradebook does not answer.
        """
        with warnings.catch_warnings():
            # nbgrader builds its rows in an order that SQLAlchemy warns of.
            warnings.simplefilter("ignore", SAWarning)
            self._write(submission, result, judged)

    def _write(self, submission: Submission, result: Graded, judged: Mapping[str, str]) -> None:
        student, slug = submission.student, submission.slug
        notebook = nbformat.read(io.StringIO(result.notebook.decode()), as_version=4)
        received = submission.received_at.replace(tzinfo=None)
        gradebook = self._gradebook
        gradebook.update_or_create_student(student)
        late_s = gradebook.update_or_create_submission(slug, student, timestamp=received).total_seconds_late
        SealedSaveAutoGrades(config=self._config).save(notebook, gradebook, student, slug, judged)
        if late_s > 0 and self._late is Policy.NONE:
            names = {"student": student, "assignment": slug, "notebook": slug, "db_url": self._database_url}
            AssignLatePenalties(config=self._config).preprocess(notebook, {"nbgrader": names})
        else:
            gradebook.find_submission_notebook(slug, slug, student).late_submission_penalty = None
            gradebook.db.commit()

    def show_due(self, student: str, slug: str, due: datetime | None) -> None:
        """Have formgrader show when a student's work is due; where class.toml has no deadline, its own stays.

        Raises:
            nbgrader.api.MissingEntry: nothing of this student's was graded.
        """
        deadline = self._deadlines(slug)
        if deadline is None or due is None or self._late is Policy.NONE:
            return
        submission = self._gradebook.find_submission(slug, student)
        usual = deadline.astimezone(UTC).replace(tzinfo=None)
        more = due.astimezone(UTC) - deadline.astimezone(UTC)
        extension = more if more > timedelta() else None
        if submission.assignment.duedate != usual or submission.extension != extension:
            submission.assignment.duedate, submission.extension = usual, extension
            self._gradebook.db.commit()
