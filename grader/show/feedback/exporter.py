"""The exporter that nbgrader's `generate_feedback` uses in a class folder, from every place it is started from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import Unicode, default

from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.errors import InvalidConfig
from grader.language import Language, _, ngettext, speaking
from grader.printable import printable
from grader.record.database.failures import failures_of
from grader.record.database.late import counted_of, extensions_of
from grader.record.database.queries import Board, BoardUnavailable
from grader.scoring.failures import noted_failures
from grader.show.failures import failures_css, failures_html
from grader.show.feedback import markup
from grader.show.feedback.grades import Grades, read_grades
from grader.show.feedback.page import NOTHING, Page
from grader.show.feedback.reading import read_page
from grader.show.feedback.sections import released_sources
from grader.show.lateness import days_left_line, late_line, points_line

Resources = Any
TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class LateNotes:
    """What the page says about time; what there is nothing to say about is empty.

    Attributes:
        due: when it was due, extension included.
        zone: of all moments on the page.
        line: how late it was, and what that cost.
        is_costly: whether points were taken off.
        days_left: of the student's late days.
        extension: the reason of an extension.
        until: and its end.
        of_submissions: how many there were to choose the best from.
    """

    due: str
    zone: str
    line: str
    is_costly: bool
    days_left: str
    extension: str
    until: str
    of_submissions: int


class FeedbackExporter(Exporter):
    """An executed notebook as the page that its student reads: one HTML file that loads and runs nothing."""

    class_dir = Unicode("", help="the class folder").tag(config=True)
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    # A page is text, as with every exporter that writes a file.
    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Resources = None, **kw: object
    ) -> tuple[str, Resources]:
        """Make the page.

        Raises:
            nbgrader.api.MissingEntry: the gradebook holds nothing of this student's notebook.
        """
        notebook, resources = super().from_notebook_node(nb, resources, **kw)
        names = resources["nbgrader"]
        slug, student = names["assignment"], names["student"]
        course = Course.open(Path(self.class_dir))
        grades = read_grades(names["db_url"], slug, names["notebook"], student)
        released = released_sources(course.release / slug / f"{names['notebook']}.ipynb")
        with speaking(course.config.language):
            page = read_page(notebook, grades, released, course.config.language, course.title(slug))
            failures = noted_failures_html(notebook.metadata, course, slug, student)
            return render(page, course, slug, graded=_graded_at(notebook), failures=failures), resources


def _graded_at(notebook: NotebookNode) -> datetime | None:
    """When the notebook was executed, as the run has written it down; None where nbgrader alone ran it."""
    found = notebook.metadata.get("springfield")
    try:
        moment = datetime.fromisoformat(found["graded_at"])
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def noted_failures_html(metadata: object, course: Course, slug: str, student: str) -> Markup:
    """Where the network fails, as the run has noted it, with what has changed since the last hand-in."""
    now = noted_failures(metadata)
    if now is None:
        return NOTHING
    try:
        with Board.open(course.database_url) as board:
            known = failures_of(board, student, slug)
    except BoardUnavailable:
        known = None
    is_this_one = known is not None and known.now.cells == now.cells and known.now.reason == now.reason
    return failures_html(now, known.before if known is not None and is_this_one else None)


def render(page: Page, course: Course, slug: str, *, graded: datetime | None, failures: Markup = NOTHING) -> str:
    """The page as HTML, in the language that is spoken just now.

    Args:
        page: what is on it.
        course: whose language, time zone and names are used.
        slug: the assignment.
        graded: when the notebook was executed, where that is known.
        failures: where the network fails, of a contest.
    """
    language, zone = course.config.language, ZoneInfo(course.config.timezone)
    return (
        _environment(language)
        .get_template(TEMPLATE)
        .render(
            page=page,
            language=language,
            class_name=printable(course.config.name, 200),
            assignment=printable(course.title(slug), 200),
            student=_name(course, page.grades),
            received=_moment(page.grades.received, zone, language),
            graded=_moment(graded, zone, language),
            late=late_notes(course, slug, page.grades),
            failures=failures,
            failures_css=failures_css() if failures else NOTHING,
        )
    )


def late_notes(course: Course, slug: str, grades: Grades) -> LateNotes:
    """What there is to say about time, in the language that is spoken just now."""
    zone, language = ZoneInfo(course.config.timezone), course.config.language
    try:
        with Board.open(course.database_url) as board:
            counted = counted_of(board, grades.student).get((grades.student, slug))
            extension = extensions_of(board, grades.student).get((grades.student, slug))
    except BoardUnavailable:
        counted, extension = None, None
    due = counted.due_at if counted else course.config.deadline_of(slug)
    line = late_line(counted)
    if line and grades.penalty:
        line += ", " + points_line(grades.points + grades.penalty, grades.points)
    return LateNotes(
        due=_moment(due, zone, language),
        zone=course.config.timezone,
        line=line,
        is_costly=grades.penalty > 0,
        days_left=days_left_line(counted),
        extension="" if extension is None else printable(extension.reason, 500),
        until=_moment(None if extension is None else extension.until, zone, language),
        of_submissions=counted.of_submissions if counted else 1,
    )


def _name(course: Course, grades: Grades) -> str:
    """The student's name with the id, or the id alone."""
    try:
        roster = read_roster(course) or {}
    except InvalidConfig:
        roster = {}  # `grader doctor` and `grader grade` say so; a page needs no name
    name = printable(grades.name or roster.get(grades.student, ""), 200).strip()
    student = printable(grades.student, 200)
    return f"{name} ({student})" if name and name != student else student


def _moment(moment: datetime | None, zone: ZoneInfo, language: Language) -> str:
    return "" if moment is None else format_datetime(moment, "d MMMM y, HH:mm", tzinfo=zone, locale=language)


@cache
def _environment(language: Language) -> Environment:
    made = Environment(
        loader=PackageLoader("grader.show.feedback", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def number(value: float) -> str:
        return str(format_decimal(value, "0.##", locale=language))

    def points(value: float) -> str:
        """So many points, in words; a fraction takes the plural in English and the genitive in Russian."""
        count = int(value) if value == int(value) else 2
        return ngettext("{number} point", "{number} points", count).format(number=number(value))

    made.globals.update(_=_, css=_css(), number=number, points=points)
    made.filters.update(phrase=markup.phrase, message=markup.message)
    return made


@cache
def _css() -> Markup:
    return Markup((Path(__file__).parent / "page.css").read_text(encoding="utf-8"))  # noqa: S704  the project's own
