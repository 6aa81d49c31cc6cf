"""Points of an executed notebook into nbgrader's gradebook, with nbgrader's own code."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades

from grader.outcomes import Outcome

Resources = Any


class SealedSaveAutoGrades(SaveAutoGrades):
    """Saves points; a cell that could not be graded waits for a person and is not worth 0."""

    def save(self, nb: NotebookNode, gradebook: Gradebook, student: str, assignment: str) -> None:
        """The same as `preprocess`, in a gradebook that is open already: opening one costs more than the rest.

        Args:
            nb: the executed notebook.
            gradebook: open.
            student: whose it is.
            assignment: the assignment, and its notebook of the same name.
        """
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
