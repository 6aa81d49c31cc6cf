"""The verb collect: what was brought, what was left out, and whom a teacher is asked about."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.error_output import NOT_DONE
from grader.cli.options import HERE, ClassDir, Json
from grader.cli.tables import print_table
from grader.language import _, addressing, ngettext
from grader.printable import printable

if TYPE_CHECKING:
    from grader.collect.choosing import Question
    from grader.collect.folders import Collected
    from grader.course.folder import Course

_SHOWN_FILES = 3


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(collect)


def collect(
    slug: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    source: Annotated[Path, typer.Argument(help="A folder, or a zip archive from an LMS.")],
    class_dir: ClassDir = HERE,
    names: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE", help="Your answers: CSV with the columns name, student; kept for the term."
        ),
    ] = None,
    worksheet: Annotated[
        Path | None,
        typer.Option(
            "--from-moodle-worksheet", metavar="FILE", help="Moodle's grading worksheet: who a participant is."
        ),
    ] = None,
    received: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="When they were handed in there, like 2026-12-01T23:59; left out, now: that decides who is late.",
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show file, student and why; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Bring submissions into the class folder.

    Understood are archives and folders of Moodle, Canvas, Blackboard, Google Drive and Classroom, repositories
    ASSIGNMENT-LOGIN of GitHub, and names that people give: STUDENT/ASSIGNMENT.ipynb, STUDENT_ASSIGNMENT.ipynb,
    STUDENT - ASSIGNMENT.ipynb. In a student's folder a single notebook may have any name.

    roster.csv (id, name, email, what other systems call the student) says who is meant. What is not certain is asked:
    in a terminal at once, otherwise answer with --map. Exit code 1: something was left out; each line says what to do.

    Example: [bold]grader collect resnet ~/Downloads/resnet.zip --dry-run[/]
    """
    from grader.collect.answers import answers_for
    from grader.collect.folders import gather
    from grader.collect.worksheet import read_worksheet
    from grader.course.folder import Course

    course = Course.open(class_dir)
    with addressing(course.config.language):
        found = gather(
            course,
            slug,
            source,
            answers=answers_for(course, names) if names else None,
            worksheet=read_worksheet(worksheet) if worksheet else None,
            ask=(lambda questions: _ask(course, questions))
            if _is_conversation() and not (as_json or dry_run)
            else None,
            received=_moment(course, received),
            is_dry_run=dry_run,
        )
        if as_json:
            print(json.dumps({"assignment": slug, **asdict(found)}, ensure_ascii=False))
        else:
            _show(found, slug, source, is_dry_run=dry_run)
            if found.students and not received:
                _warn_of_lateness(course, slug)
    if not found.is_complete:
        raise typer.Exit(NOT_DONE)


def _moment(course: Course, when: str) -> datetime | None:
    """When submissions were received elsewhere; None where nobody says so.

    Raises:
        InvalidConfig: it is no moment.
    """
    from grader.course.config import read_deadline
    from grader.errors import InvalidConfig

    if not when.strip():
        return None
    try:
        moment = read_deadline(when)
    except ValueError as error:
        raise InvalidConfig(
            _("{when!r} is no moment: {error}.").format(when=when, error=error),
            remedy=_("Write it like 2026-12-01T23:59, or 2026-12-01 for the end of that day."),
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or ZoneInfo(course.config.timezone))


def _warn_of_lateness(course: Course, slug: str) -> None:
    """Say that what is collected behind the deadline counts as late, where that costs points."""
    deadline = course.config.deadline_of(slug)
    if course.config.late.policy == "none" or deadline is None or deadline > datetime.now(UTC):
        return
    text = _(
        "They count as handed in now, after the deadline. If they came there in time, collect with --received before "
        "you grade."
    )
    Console(highlight=False, soft_wrap=True).print(f"[yellow]{_('late:')}[/] {text}")


def _is_conversation() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _show(found: Collected, slug: str, source: Path, *, is_dry_run: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if is_dry_run:
        rows = [(one.file, one.student, one.why) for one in found.taken]
        rows += [(one.name, "", one.reason) for one in found.skipped]
        print_table(console, (_("file"), _("student"), _("why")), rows)
        done = _("would be collected")
    else:
        done = _("collected")
    count = len(found.students)
    students = ngettext("{count} student", "{count} students", count).format(count=count)
    named = f" ({', '.join(found.students)})" if found.students and not is_dry_run else ""
    console.print(f"[green]{done}[/] {escape(slug)}: {students}{escape(printable(named, 100_000))}")
    waiting = {file for one in found.questions for file in one.files}
    for one in found.skipped:
        if one.name not in waiting:
            remedy = f" [bold]{_('what to do:')}[/] {escape(printable(one.remedy, 300))}" if one.remedy else ""
            label = _("not counted") if one.is_minor else _("left out")
            text = f"{escape(printable(one.name, 300))}: {escape(printable(one.reason, 500))}."
            console.print(f"[yellow]{label}[/] {text}{remedy}")
    if found.questions:
        _print_questions(console, found.questions)
        _say_how_to_answer(console, found.questions, slug, source)


def _print_questions(console: Console, questions: Sequence[Question]) -> None:
    count = len(questions)
    console.print(
        ngettext(
            "[yellow]whose is it?[/] {count} name is not certain:",
            "[yellow]whose is it?[/] {count} names are not certain:",
            count,
        ).format(count=count)
    )
    rows = [(one.name, _few(one.files), ", ".join(one.candidates), one.why) for one in questions]
    print_table(console, (_("name"), _("file"), _("perhaps"), _("why")), rows)


def _say_how_to_answer(console: Console, questions: Sequence[Question], slug: str, source: Path) -> None:
    from grader.collect.answers import to_fill_in

    command = f"grader collect {shlex.quote(slug)} {shlex.quote(str(source))} --map names.csv"
    console.print(
        f"[bold]{_('what to do:')}[/] "
        + escape(
            _(
                "Add whoever is missing to roster.csv. For the others save the lines below as names.csv, put the "
                "student's id behind each name (- if it is nobody's), and run `{command}`. The answers are kept for "
                "the term."
            ).format(command=command)
        )
    )
    table = to_fill_in({one.name: one.candidates for one in questions})
    console.print(escape(printable(table, 100_000)), end="")


def _few(files: Sequence[str]) -> str:
    more = len(files) - _SHOWN_FILES
    return "\n".join(files[:_SHOWN_FILES]) + (_(" and {count} more").format(count=more) if more > 0 else "")


def _ask(course: Course, questions: Sequence[Question]) -> Mapping[str, str]:
    """Ask in the terminal: first whether the single suggestions are right, then one after another."""
    from grader.collect.answers import NOBODY
    from grader.course.roster import is_student_id, read_roster

    console = Console(highlight=False)
    roster = read_roster(course)
    _print_questions(console, questions)
    answers: dict[str, str] = {}
    single = {one.name: one.candidates[0] for one in questions if len(one.candidates) == 1}
    try:
        count = len(single)
        question = ngettext(
            "Take the {count} name with one suggestion as shown?",
            "Take the {count} names with one suggestion as shown?",
            count,
        )
        if single and typer.confirm(question.format(count=count)):
            answers |= single
        for one in questions:
            while one.name not in answers:
                prompt = _("{name}: the student's id, - for nobody, nothing to leave it out")
                said = typer.prompt(
                    prompt.format(name=printable(one.name, 200)), default="", show_default=False
                ).strip()
                if not said:
                    break
                if said == NOBODY or (is_student_id(said) if roster is None else said in roster):
                    answers[one.name] = said
                else:
                    console.print(_("There is no such student."))
    except (typer.Abort, EOFError):
        console.print()  # whoever stops answering has answered what they wanted; the rest is left out
    return answers
