"""The verb remind."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.error_output import NOT_DONE
from grader.cli.options import HERE, ClassDir, Json
from grader.cli.tables import print_table
from grader.language import _
from grader.printable import printable


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(remind)


def remind(
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show whom and what; send nothing.")] = False,
    class_dir: ClassDir = HERE,
    as_json: Json = False,
) -> None:
    """Remind by e-mail or messenger everybody in roster.csv who has not handed in; class.toml has to say how.

    Example: [bold]grader remind resnet --dry-run[/]
    """
    from grader.course.folder import Course
    from grader.service import reminding

    course = Course.open(class_dir)
    console = Console(highlight=False, soft_wrap=True)
    if dry_run:
        found = reminding.due_reminders(course, assignment)
        if as_json:
            plain = [{"student": one.person.id, "title": one.title, "body": one.body} for one in found]
            print(json.dumps({"assignment": assignment, "reminders": plain}, ensure_ascii=False))
            return
        rows = [(one.person.id, one.person.name, one.person.email, one.title) for one in found]
        print_table(console, (_("student"), _("name"), _("email"), _("title")), rows)
        if found:
            console.print(escape(printable(found[0].body, 2000)))
        return
    done = reminding.remind(course, assignment, f"{getpass.getuser()} (command line)")
    if as_json:
        print(json.dumps({"assignment": assignment, **asdict(done)}, ensure_ascii=False))
    else:
        for label, students in (
            (f"[green]{_('reminded')}[/]", done.sent),
            (f"[red]{_('not reached')}[/]", done.failed),
            (f"[yellow]{_('no address')}[/]", done.without_address),
        ):
            if students or students is done.sent:
                console.print(f"{label} {len(students)}  {escape(printable(', '.join(students), 100_000))}")
    if done.failed or done.without_address:
        raise typer.Exit(NOT_DONE)
