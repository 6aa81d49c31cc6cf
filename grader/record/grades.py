"""Copy grades from nbgrader's gradebook into the class database, which is all that the page reads."""

from __future__ import annotations

from collections.abc import Iterable

from nbgrader.api import Gradebook, MissingEntry

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions


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
    """Copy one grade into the class database; nothing where the gradebook has no submission."""
    try:
        graded = gradebook.find_submission(slug, student)
    except MissingEntry:
        return  # nothing of this student's was gradable yet
    penalty = float(graded.late_submission_penalty)
    decisions.set_grade(student, slug, float(graded.score) - penalty, float(graded.max_score), penalty)
