"""Verbs on what a teacher decides: override, regrade, deadline, quota, anomalies, log."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.invitations import acting, looking
from grader.cli.options import HERE, ClassDir, Json
from grader.cli.tables import print_table
from grader.language import _, ngettext

Student = Annotated[str, typer.Argument(metavar="STUDENT")]
Assignment = Annotated[str, typer.Argument(metavar="ASSIGNMENT")]


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(override)
    app.command()(regrade)
    app.command()(deadline)
    app.command()(quota)
    app.command()(anomalies)
    app.command()(log)


def override(
    student: Student,
    assignment: Assignment,
    points: Annotated[float | None, typer.Argument(help="Left out together with --drop.")] = None,
    reason: Annotated[str, typer.Option(help="Why; the student reads it.")] = "",
    drop: Annotated[bool, typer.Option("--drop", help="Let the gradebook's grade count again.")] = False,
    class_dir: ClassDir = HERE,
) -> None:
    """Set a grade by hand, with the reason.

    Example: [bold]grader override ivanova resnet 8 --reason "task 2 explained in class"[/]
    """
    from grader.errors import InvalidConfig
    from grader.record import actions

    with acting(class_dir) as who:
        if drop:
            actions.drop_override(who, student, assignment)
        elif points is None:
            raise InvalidConfig(_("No points are given."), remedy=_("Give them, or --drop."))
        else:
            actions.override(who, student, assignment, points, reason)
    _say(_("done"), f"{student} / {assignment}")


def regrade(
    assignment: Assignment,
    students: Annotated[list[str], typer.Option("--student", "-s", metavar="ID", help="May be given again.")],
    class_dir: ClassDir = HERE,
) -> None:
    """Have submissions graded anew, by `grader grade` or the running watcher; the old result stands until then.

    Example: [bold]grader regrade resnet --student ivanova[/]
    """
    from grader.record import actions

    with acting(class_dir) as who:
        for student in students:
            actions.regrade(who, student, assignment)
    count = len(students)
    text = ngettext(
        "{count} submission; `grader grade` or `grader watch` grades it",
        "{count} submissions; `grader grade` or `grader watch` grades them",
        count,
    )
    _say(_("marked"), text.format(count=count))


def deadline(
    assignment: Assignment,
    when: Annotated[
        str,
        typer.Argument(help="Like 2026-12-01T23:59, or a date: the end of that day. Empty: none."),
    ],
    class_dir: ClassDir = HERE,
) -> None:
    """Set an assignment's deadline in class.toml.

    Example: [bold]grader deadline resnet 2026-12-01T23:59[/]
    """
    from grader.record import actions

    with acting(class_dir) as who:
        actions.set_deadline(who, assignment, when)
    _say(_("set"), f"{assignment}: {when or _('no deadline')}")


def quota(
    per_day: Annotated[int, typer.Argument(metavar="PER_DAY", help="0: no limit.", min=0)],
    in_total: Annotated[int, typer.Argument(metavar="[IN_TOTAL]", help="0: no limit.", min=0)] = 0,
    class_dir: ClassDir = HERE,
) -> None:
    """Set in class.toml how much a student may hand in to the contest.

    Example: [bold]grader quota 5 60[/]
    """
    from grader.record import actions

    with acting(class_dir) as who:
        actions.set_quota(who, per_day, in_total)
    _say(_("set"), _("{per_day} a day, {in_total} in total").format(per_day=per_day, in_total=in_total))


def anomalies(class_dir: ClassDir = HERE, as_json: Json = False) -> None:
    """List what is worth a second look: equal files, rows of nearly equal scores, leaps.

    Example: [bold]grader anomalies[/]
    """
    from grader.record.database.anomalies import find
    from grader.record.database.personal import all_runs
    from grader.record.database.queries import Board

    with looking(class_dir) as (course, _database), Board.open(course.database_url) as board:
        found = find(all_runs(board, limit=100_000))
    if as_json:
        print(json.dumps([asdict(line) for line in found], ensure_ascii=False))
        return
    rows = [(_(line.kind), line.assignment, ", ".join(line.students), str(line.count)) for line in found]
    titles = (_("what"), _("assignment"), _("students"), _("count"))
    print_table(Console(highlight=False), titles, rows)


def log(class_dir: ClassDir = HERE, as_json: Json = False) -> None:
    """Show what teachers did, the newest first.

    Example: [bold]grader log[/]
    """
    from grader.record.database.decisions import audit_lines

    with looking(class_dir) as (_course, database):
        found = audit_lines(database)
    if as_json:
        print(json.dumps([asdict(line) for line in found], ensure_ascii=False, default=str))
        return
    rows = [(f"{line.at:%Y-%m-%d %H:%M:%S}", line.author, line.action, line.subject, line.detail) for line in found]
    titles = (_("when (UTC)"), _("who"), _("action"), _("subject"), _("details"))
    print_table(Console(highlight=False), titles, rows)


def _say(done: str, text: str) -> None:
    """Say what was done; names are other people's text."""
    Console(highlight=False, soft_wrap=True).print(f"[green]{done}[/] {escape(text)}")
