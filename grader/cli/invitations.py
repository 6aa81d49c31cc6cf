"""Verbs on who may enter the page: invite, revoke, access."""

from __future__ import annotations

import csv
import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, ClassDir, Json
from grader.cli.tables import print_table
from grader.language import _, addressing, ngettext
from grader.printable import printable

if TYPE_CHECKING:
    from grader.course.folder import Course
    from grader.record.actions import Teacher
    from grader.record.database import ClassDatabase
    from grader.record.invitations import Invited


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(invite)
    app.command()(revoke)
    app.command()(access)


@contextmanager
def looking(class_dir: Path) -> Iterator[tuple[Course, ClassDatabase]]:
    """A class and its database, as they are."""
    from grader.course.folder import Course
    from grader.record.database import ClassDatabase

    course = Course.open(class_dir)
    with ClassDatabase.open(course.database_url) as database:
        yield course, database


@contextmanager
def acting(class_dir: Path) -> Iterator[Teacher]:
    """Whoever runs the command, acting on a class; the database knows the class's assignments then."""
    from grader.record.actions import Teacher
    from grader.record.page_rules import publish_rules

    with looking(class_dir) as (course, database):
        publish_rules(course, database)
        yield Teacher(course, database, f"{getpass.getuser()} (command line)")


def invite(
    roster: Annotated[
        Path | None, typer.Argument(metavar="[ROSTER_CSV]", help="Columns id, name, email; the class's if left out.")
    ] = None,
    class_dir: ClassDir = HERE,
    teacher: Annotated[str, typer.Option(metavar="NAME", help="Make a link for this teacher instead.")] = "",
    email: Annotated[str, typer.Option(help="With --teacher: the address that OIDC vouches for.")] = "",
    url: Annotated[str, typer.Option(help="Where the page is reached; links begin with it.")] = "http://127.0.0.1:8501",
    again: Annotated[bool, typer.Option("--again", help="New links for those who have one; theirs end.")] = False,
    gone: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="A graded student who has left, so that roster.csv may lack them; may be repeated."
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Standard output if left out.")] = None,
) -> None:
    """Make personal links, as CSV: id, name, link, email, due. Only hashes are kept, so print or send them now.

    In "due" stands what a student has not handed in yet: the file is fit for a mail merge.

    A list from elsewhere may be a part of the class: those whom roster.csv lacks are added to it, and named.

    Example: [bold]grader invite roster.csv --url https://board.school.example --to links.csv[/]
    """
    from grader.files import replacing_given
    from grader.record.invitations import invite_all, invite_one_teacher
    from grader.service.reminding import due_by_student
    from grader.show.spreadsheet import safe_cell

    output = replacing_given(to) if to else nullcontext(sys.stdout)
    with acting(class_dir) as who, addressing(who.course.config.language), output as file:  # links are shown once
        found = (
            invite_one_teacher(who, teacher, email, url)
            if teacher
            else invite_all(who, roster, url, again=again, gone=gone or ())
        )
        notes = _notes(found)
        writer = csv.writer(file)
        writer.writerow(["id", "name", "link", "email", "due"])
        due = due_by_student(who.course, [link.id for link in found.links if link.id], datetime.now(UTC))
        for link in found.links:
            writer.writerow([*map(safe_cell, (link.id, link.name, link.link, link.email, due.get(link.id, "")))])
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    count = len(found.links)
    invited = ngettext("{count} new link", "{count} new links", count).format(count=count)
    console.print(f"[green]{_('invited')}[/] {invited}")
    for note in notes:
        console.print(escape(printable(note, 10_000)))


def _notes(found: Invited) -> list[str]:
    """What a teacher has to know of the roster."""
    if found.added:
        return [_("added to roster.csv: {students}").format(students=", ".join(found.added))]
    if not found.has_roster:
        return [_("The class has no roster.csv: everybody who hands in is graded. The list did not become it.")]
    return []


def revoke(student: Annotated[str, typer.Argument(metavar="STUDENT")], class_dir: ClassDir = HERE) -> None:
    """End a student's links at once.

    Example: [bold]grader revoke ivanova[/]
    """
    from grader.record import actions

    with acting(class_dir) as who:
        actions.revoke(who, student)
    Console(highlight=False, soft_wrap=True).print(f"[green]{_('revoked')}[/] {escape(student)}")


def access(class_dir: ClassDir = HERE, as_json: Json = False) -> None:
    """List who may enter the page, and who may not any more.

    Example: [bold]grader access[/]
    """
    from grader.record.database.access import AccessList

    with looking(class_dir) as (_course, database):
        found = AccessList(database).every()
    if as_json:
        print(json.dumps([asdict(line) for line in found], ensure_ascii=False, default=str))
        return
    rows = []
    for line in found:
        ways = ", ".join(way for way in (_("link") if line.has_link else "", line.email or "") if way)
        ended = f"{line.revoked_at:%Y-%m-%d %H:%M}" if line.revoked_at else ""
        cells = [_(line.role), line.student_id or "", line.label, ways, f"{line.created_at:%Y-%m-%d %H:%M}", ended]
        rows.append(cells)
    titles = (_("role"), _("student"), _("name"), _("by"), _("since"), _("ended"))
    print_table(Console(highlight=False), titles, rows)
