"""What being late costs where nbgrader itself grades: by formgrader's button, or `nbgrader autograde`."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook_at
from grader.record.counting import Counting
from grader.record.database import ClassDatabase
from grader.record.database.late import LateBook
from grader.record.grades import take_off
from grader.record.ledger import Ledger
from grader.scoring.late import Attempt, Policy, exact, weigh


def penalise(course: Course, gradebook_url: str, slug: str, student: str) -> bool:
    """Write what being late costs one submission into the gradebook; of a budget, what other work has left.

    Args:
        course: the class.
        gradebook_url: of the gradebook that nbgrader writes.
        slug: the assignment.
        student: the student's id.

    Returns:
        Whether the class has rules for late work; without any nothing was done.

    Raises:
        EnvironmentFault: gradebook or class database does not answer.
    """
    rules = course.config.late.rules
    if rules.policy is Policy.NONE:
        return False
    with ClassDatabase.open(course.database_url) as database, open_gradebook_at(gradebook_url) as gradebook:
        book = LateBook(database)
        terms = Counting(course, database, Ledger(course.ledger)).terms(student, slug, book.extensions())
        spent = sum(one.days_free for (_s, other), one in book.counted([student]).items() if other != slug)
        submission = gradebook.find_submission(slug, student)
        taken = None
        if submission.timestamp is not None:
            attempt = Attempt(slug, submission.timestamp.replace(tzinfo=UTC), exact(submission.score), "")
            taken = weigh(attempt, terms, rules, ZoneInfo(course.config.timezone), rules.days - spent).taken
        take_off(gradebook, student, slug, taken)
    return True
