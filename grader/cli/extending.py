"""Verbs on time: extend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.invitations import acting
from grader.cli.options import HERE, ClassDir
from grader.language import _, addressing, ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.course.folder import Course
    from grader.record.counting import Change


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(extend)


def extend(
    students: Annotated[list[str], typer.Argument(metavar="STUDENT...", help="Ids, or names of teams.")],
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    until: Annotated[
        str, typer.Option(help="Like 2026-12-05T23:59 in the class's time zone, or a date: the end of that day.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why; the student reads it.")] = "",
    drop: Annotated[bool, typer.Option("--drop", help="Let the class's deadline hold again.")] = False,
    class_dir: ClassDir = HERE,
) -> None:
    """Give students more time for an assignment, with the reason; points of late work are counted again at once.

    Example: [bold]grader extend ivanova petrov resnet --until 2026-12-05 --reason "ill"[/]
    """
    from grader.errors import InvalidConfig
    from grader.record import actions
    from grader.record.class_lock import ClassIsBusy

    if drop == bool(until.strip()):
        raise InvalidConfig(_("An extension needs its end."), remedy=_("Give --until, or --drop to take it back."))
    with acting(class_dir) as who:
        extended = actions.extend(who, students, assignment, until, reason)
        course = who.course
    what = _("taken back") if drop else _("until {moment}").format(moment=until)
    _say(_("set"), f"{assignment}, {', '.join(extended)}: {what}")
    try:
        show_changes(recounted(course), course)
    except ClassIsBusy:
        _say(_("waits"), _("a running `grader serve`, `watch` or `grade` counts the points again"))


def recounted(course: Course) -> Sequence[Change]:
    """Count the class's work again; feedback on grades that have changed is made anew.

    Returns:
        Those grades.

    Raises:
        ClassIsBusy: another `grader` is writing.
    """
    from grader.record.recounting import recount
    from grader.show.feedback.making import make_feedback

    changes = recount(course)
    for change in changes:
        if (course.feedback / change.student / change.assignment).is_dir():
            make_feedback(course, change.assignment, change.student)
    return changes


def show_changes(changes: Sequence[Change], course: Course) -> None:
    """Say which grades have changed, and why."""
    from grader.show.lateness import late_line

    console = Console(highlight=False, soft_wrap=True)
    with addressing(course.config.language):
        for change in changes:
            before = "—" if change.before is None else f"{change.before:g}"
            why = late_line(change.counted) or _("in time")
            place = escape(f"{change.student} / {change.assignment}")
            console.print(f"[bold]{place}[/]  {before} → {change.after:g}  [dim]{escape(why)}[/]")
        text = ngettext("{count} grade has changed", "{count} grades have changed", len(changes))
        console.print(text.format(count=len(changes)))


def _say(done: str, text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(f"[green]{done}[/] {escape(text)}")
