"""Copy grades from nbgrader's gradebook into the class database, which is all that the page reads."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from nbgrader.api import Gradebook, MissingEntry

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
from grader.scoring.late import exact, penalty


def publish_grades(course: Course, places: Iterable[tuple[str, str]]) -> None:
    """Show the gradebook's points on the page; a teacher may have given some by hand since they were recorded.

    Args:
        course: the class.
        places: (student, assignment) pairs that were recorded before.
    """
    with ClassDatabase.open(course.database_url) as database, open_gradebook(course) as gradebook:
        for student, slug in places:
            if database.has_student(student):
                publish_grade(gradebook, Decisions(database), student, slug)


def publish_grade(gradebook: Gradebook, decisions: Decisions, student: str, slug: str) -> None:
    """Copy one grade into the class database; nothing where the gradebook has no submission.

    What being late costs follows from the points, so it is taken off anew: a teacher may have given some since.
    """
    try:
        graded = gradebook.find_submission(slug, student)
        taken = decisions.share_taken(student, slug)
        if taken is not None:
            take_off(gradebook, student, slug, taken)
    except MissingEntry:
        return  # nothing of this student's was gradable yet
    penalty = float(graded.late_submission_penalty)
    decisions.set_grade(student, slug, float(graded.score) - penalty, float(graded.max_score), penalty)


def take_off(gradebook: Gradebook, student: str, slug: str, taken: Fraction | None) -> None:
    """Have the gradebook take off a share of what a student earned; None leaves nothing taken off.

    Raises:
        nbgrader.api.MissingEntry: nothing of this student's was graded.
    """
    notebook = gradebook.find_submission_notebook(slug, slug, student)
    share = float(penalty(exact(notebook.score), taken)) if taken else 0.0
    if (notebook.late_submission_penalty or 0.0) != share:
        notebook.late_submission_penalty = share or None
        gradebook.db.commit()
