"""What holds for each assignment now; read again when class.toml, a release or the answers change."""

from __future__ import annotations

from pathlib import Path

from grader.collect.submissions import Submission
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.course.roster import ROSTER
from grader.datasets.layout import Layout
from grader.files import ordinary_files
from grader.record.planning import Rules

Stamp = tuple[int, int]


def stamp(path: Path) -> Stamp:
    """Changes when the file does."""
    try:
        about = path.stat()
    except OSError:
        return (0, 0)
    return (about.st_mtime_ns, about.st_size)


def signature(submission: Submission) -> tuple[object, ...]:
    """Changes when a file of the submission does."""
    return tuple((str(path.relative_to(submission.folder)), *stamp(path)) for path in ordinary_files(submission.folder))


class CurrentRules:
    """Rules by assignment, kept until something that decides them changes."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._stamp: object = None
        self._known: dict[str, Rules] = {}

    def have_changed(self, course: Course) -> bool:
        """Whether class.toml, roster, a release or the answers are not what they were when this was last asked."""
        released = [course.release / slug / f"{slug}.ipynb" for slug in course.slugs()]
        others = [course.root / CONFIG_NAME, course.root / ROSTER, Layout(course.dataset).answers_csv]
        now = tuple(stamp(path) for path in [*others, *released])
        has_changed = now != self._stamp
        if has_changed:
            self._stamp = now
            self._known.clear()
        return has_changed

    def forget(self) -> None:
        """Take everything for changed."""
        self._stamp = None

    def of(self, course: Course, slug: str) -> Rules:
        """The rules of one assignment.

        Raises:
            InvalidAssignment: it was not released.
            InvalidConfig: class.toml is wrong.
        """
        if slug not in self._known:
            self._known[slug] = Rules.of(course, slug, self._slots)
        return self._known[slug]
