"""Count a class's work again, after extensions, deadlines or rules for late work have changed. Nothing is run."""

from __future__ import annotations

from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.language import speaking
from grader.record.class_lock import class_lock
from grader.record.counting import Change
from grader.record.database import ClassDatabase
from grader.record.page_rules import publish_rules
from grader.record.recorder import Recorder


def recount(course: Course) -> list[Change]:
    """Write what counts by the present rules wherever points are kept.

    Returns:
        The grades that have changed, by student and assignment.

    Raises:
        ClassIsBusy: another `grader` is writing; a running watcher counts again by itself.
        EnvironmentFault: something cannot be written.
    """
    with class_lock(course), speaking(course.config.language):
        with ClassDatabase.open(course.database_url) as database:
            publish_rules(course, database)
        with Recorder(course, read_roster(course)) as recorder:
            return recorder.settle()
