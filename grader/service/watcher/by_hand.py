"""Points given by hand, as the watcher sees to them: formgrader's on the page, and all of them in the feedback."""

from __future__ import annotations

import time
from collections.abc import Callable

from grader.course.folder import Course
from grader.course.rubric import rubric_path
from grader.record.by_hand.answers import AnswerBook
from grader.record.by_hand.questions import publish_questions
from grader.record.database import ClassDatabase
from grader.record.database.hands import Hands
from grader.service.watcher.rules import stamp

_LOOK_S = 2.0
_SHARE = 20  # looking through a large gradebook may take a twentieth of the time


class HandGrading:
    """What is old is found in the databases, so that a killed watcher goes on."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database
        self._rubrics: object = None
        self._next_look = 0.0
        self._to_tell: list[tuple[str, str]] = []
        self._given_up: set[tuple[str, str]] = set()

    def look_again(self) -> None:
        """A teacher may have given something."""
        self._next_look = 0.0

    def forget(self) -> None:
        """Assignments may have been released anew."""
        self._rubrics = None
        self._next_look = 0.0

    def step(self, course: Course, answers: AnswerBook, make_feedback: Callable[[str, str], bool]) -> bool:
        """Look at rubrics and gradebook, or make one feedback page that is old; whether one was made."""
        began = time.monotonic()
        if began >= self._next_look:
            self._look(course, answers)
            self._next_look = time.monotonic() + max(_LOOK_S, _SHARE * (time.monotonic() - began))
        if not self._to_tell:
            return False
        place = self._to_tell.pop(0)
        if not make_feedback(*place):
            self._given_up.add(place)  # it is not tried again and again
        return True

    def _look(self, course: Course, answers: AnswerBook) -> None:
        rubrics = tuple(stamp(rubric_path(course, slug)) for slug in course.slugs())
        if rubrics != self._rubrics:
            self._rubrics = rubrics
            publish_questions(course, self._database)
            answers.forget_assignments()
        answers.publish_changed()
        old = Hands(self._database).with_old_feedback()
        self._given_up &= set(old)
        self._to_tell = [place for place in old if place not in self._given_up]
