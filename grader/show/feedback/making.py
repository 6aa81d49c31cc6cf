"""Make the page that a student reads, and show it on the class's page."""

from __future__ import annotations

from grader.course.folder import Course
from grader.course.release import run_nbgrader
from grader.errors import InvalidAssignment
from grader.language import _
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions


def make_feedback(course: Course, slug: str, student: str) -> None:
    """Make the HTML that a student reads, `feedback/<student>/<slug>/<slug>.html`, and show it on the class's page.

    Raises:
        InvalidAssignment: nothing was graded, or nbgrader refuses.
    """
    graded = course.autograded / student / slug / f"{slug}.ipynb"
    if not graded.is_file():
        raise InvalidAssignment(
            _("{student} has no graded {slug!r}.").format(student=student, slug=slug),
            remedy=_("Run `grader grade {slug}` first.").format(slug=slug),
        )
    run_nbgrader(
        course, f"make feedback on {slug} for {student}", lambda api: api.generate_feedback(slug, student, force=True)
    )
    made = course.feedback / student / slug / f"{slug}.html"
    with ClassDatabase.open(course.database_url) as database:
        Decisions(database).set_feedback(student, slug, made.read_bytes())
