"""The verb that says what waits for a teacher: answers to be read, questions to be answered."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.invitations import looking
from grader.cli.options import HERE, ClassDir, Json
from grader.cli.tables import print_table
from grader.language import _, ngettext


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(waiting)


def waiting(class_dir: ClassDir = HERE, as_json: Json = False) -> None:
    """Say what waits for a teacher: answers in words, question by question, and what students have asked.

    Points are given on the teacher's page, under "Waiting for you", or in formgrader.

    Example: [bold]grader waiting[/]
    """
    from grader.record.by_hand.overview import waiting_in
    from grader.record.database.doubts import Doubts

    with looking(class_dir) as (course, database):
        found = waiting_in(course)
        asked = Doubts(database).waiting()
    if as_json:
        doubts = [{"student": one.student_id, "assignment": one.assignment, "cell": one.grade_id} for one in asked]
        print(json.dumps({"answers": [asdict(one) for one in found], "questions": doubts}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if found:
        titles = (_("assignment"), _("question"), _("points"), _("waiting"))
        rows = [(one.assignment, one.title, f"{one.points:g}", str(one.answers)) for one in found]
        print_table(console, titles, rows)
    answers = sum(one.answers for one in found)
    if not answers and not asked:
        console.print(f"[green]✓[/] {escape(_('Nothing waits for you.'))}")
    if answers:
        said = ngettext("{count} answer waits", "{count} answers wait", answers).format(count=answers)
        console.print(escape(said))
    if asked:
        said = ngettext("{count} student has asked something", "{count} students have asked something", len(asked))
        console.print(escape(said.format(count=len(asked))))
