"""Verbs on the contest's scores: import-kaggle, rejudge."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, ClassDir, Json
from grader.language import _, ngettext
from grader.printable import printable

SHOWN = 20


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("import-kaggle")(import_kaggle)
    app.command()(rejudge)


def rejudge(
    assignment: Annotated[str, typer.Argument(metavar="[ASSIGNMENT]")] = "springfield",
    class_dir: ClassDir = HERE,
    as_json: Json = False,
) -> None:
    """Count points again, after deadlines, extensions or rules for late work have changed; nothing is run.

    All stored predictions of a contest are scored again too, for when answers or thresholds have changed.

    Example: [bold]grader rejudge springfield[/]
    """
    from grader.cli.extending import recounted, show_changes
    from grader.course.folder import Course
    from grader.record.rescoring import rescore

    course = Course.open(class_dir)
    course.require(assignment)
    changes = recounted(course)
    if not course.assignment_config(assignment).contest:
        if as_json:
            told = [
                {"student": c.student, "assignment": c.assignment, "before": c.before, "after": c.after}
                for c in changes
            ]
            print(json.dumps({"assignment": assignment, "changes": told}, ensure_ascii=False))
        else:
            show_changes(changes, course)
        return
    found = rescore(course, assignment)
    if as_json:
        print(json.dumps({"assignment": assignment, "students": [asdict(line) for line in found]}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if changes:
        show_changes(changes, course)
    for line in found:
        change = "" if line.before == line.after else f" [yellow]({_('before:')} {line.before:g})[/]"
        console.print(f"[bold]{escape(line.student)}[/]  {line.submissions}  {line.after:g}{change}")
    console.print(ngettext("{count} student", "{count} students", len(found)).format(count=len(found)))


def import_kaggle(
    leaderboard: Annotated[Path, typer.Argument(help="The contest's public leaderboard as CSV, from Kaggle.")],
    names: Annotated[Path, typer.Option("--names", metavar="FILE", help="CSV with the columns team and student.")],
    assignment: Annotated[str, typer.Option("--assignment", "-a", metavar="ASSIGNMENT")] = "springfield",
    images: Annotated[int, typer.Option(help="Images of the contest's public part.", min=1, max=99_999)] = 941,
    class_dir: ClassDir = HERE,
    as_json: Json = False,
) -> None:
    """Turn the contest's public leaderboard into points; class.toml has to say source = "kaggle".

    Example: [bold]grader import-kaggle publicleaderboard.csv --names teams.csv[/]
    """
    from grader.cli.results import show_rows
    from grader.collect.kaggle import import_leaderboard
    from grader.course.folder import Course
    from grader.language import addressing
    from grader.pipeline import grade_class
    from grader.record.planning import GradingStatus

    course = Course.open(class_dir)
    course.require(assignment)
    with addressing(course.config.language):
        found = import_leaderboard(course, assignment, leaderboard, names, images=images)
    rows = grade_class(course, [assignment], slots=1)
    if as_json:
        points = {row.student: row.report.points for row in rows if row.report}
        print(json.dumps({"assignment": assignment, **asdict(found), "points": points}, ensure_ascii=False))
    else:
        console = Console(highlight=False)
        show_rows(console, rows)
        with addressing(course.config.language):
            _tell(console, _("Teams without a student: {names}"), found.teams_without_student)
            _tell(console, _("In the mapping, but not on the leaderboard: {names}"), found.names_without_team)
    if found.names_without_team or any(row.status is GradingStatus.NOT_GRADED for row in rows):
        raise typer.Exit(1)


def _tell(console: Console, text: str, names: tuple[str, ...]) -> None:
    if names:
        more = f" ... ({len(names)})" if len(names) > SHOWN else ""
        shown = printable(", ".join(names[:SHOWN]), 4000)
        console.print(f"[yellow]{escape(text.format(names=shown) + more)}[/]")
