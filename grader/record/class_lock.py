"""The class's lock: one process at a time writes results into a class folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from grader.course.folder import Course
from grader.errors import EnvironmentFault
from grader.fleet.leftovers import sweep_class, sweep_machine
from grader.language import _


class ClassIsBusy(EnvironmentFault):
    """Another process holds the class's lock."""


@contextmanager
def class_lock(course: Course) -> Iterator[None]:
    """Hold the class's lock, and remove what killed writers left behind.

    Raises:
        ClassIsBusy: another process holds it.
    """
    try:
        with FileLock(str(course.root / ".grading.lock"), timeout=0):
            sweep_machine()
            sweep_class(course)
            yield
    except Timeout:
        raise ClassIsBusy(
            _("Another `grader` is writing results in {root}.").format(root=course.root),
            remedy=_("Wait until it is done, or stop it."),
        ) from None
