"""The verb that shows everything at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.language import _


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(demo)


def demo(
    class_dir: Annotated[Path, typer.Argument(metavar="[CLASS_DIR]", help="Where the demo's class lives.")] = Path(
        "demo-class"
    ),
    serve: Annotated[bool, typer.Option(help="Serve the page afterwards.")] = True,
    port: Annotated[int, typer.Option(help="The page's port.", min=1, max=65535)] = 8501,
) -> None:
    """Make a town and a class, grade it, and show the leaderboard: nothing is downloaded.

    Example: [bold]grader demo --no-serve[/]
    """
    from rich.console import Console

    from grader.cli import demo_class as showing
    from grader.cli.board import serve_page
    from grader.cli.results import ProgressWatcher, show_rows
    from grader.pipeline import grade_class
    from grader.show.feedback.making import make_feedback

    console = Console(highlight=False)
    course = showing.prepare(class_dir, console.print)
    rows = grade_class(course, showing.SLUGS, listener=ProgressWatcher(Console(stderr=True)))
    show_rows(console, rows)
    for row in rows:
        if row.report is not None:
            make_feedback(course, row.slug, row.student)
    place = f"{course.feedback}/STUDENT/ASSIGNMENT/ASSIGNMENT.html"
    console.print(_("feedback pages for students: {place}").format(place=place), soft_wrap=True)
    if serve:
        serve_page(course, port=port)
