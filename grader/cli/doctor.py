"""The verb that looks whether all is well."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import Json
from grader.language import _, ngettext
from grader.printable import printable


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(doctor)


def doctor(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[CLASS_DIR]", help="Look at this class too; the current folder if it is one."),
    ] = None,
    class_dir: Annotated[Path | None, typer.Option("--class", "-c", metavar="DIR", help="The same.")] = None,
    is_repair: Annotated[
        bool, typer.Option("--repair", help="Put right what the class has lost, from what remains; then look.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what this machine can and cannot guarantee, and how to put it right.

    --repair moves a damaged database or ledger entry aside, releases what the gradebook has forgotten and records the
    ledger's results again wherever they were lost. It runs no notebook and deletes nothing.

    Example: [bold]grader doctor cnn-2026 --repair[/]
    """
    from grader.cli.health import look, look_at_class
    from grader.course.config import CONFIG_NAME

    class_dir = class_dir or folder
    if class_dir is None and (is_repair or Path(CONFIG_NAME).is_file()):
        class_dir = Path()
    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    if is_repair and class_dir is not None:
        _repair(console, class_dir)
    findings = []
    for finding in look_at_class(class_dir) if is_repair and class_dir is not None else look(class_dir):
        findings.append(finding)
        if not as_json:
            colour, word = (
                ("green", _("ok"))
                if finding.is_good
                else ("bold red", _("no"))
                if finding.is_needed
                else ("yellow", _("note"))
            )
            console.print(f"[{colour}]{word:<4}[/] {escape(finding.what)}: {escape(finding.found)}")
            if not finding.is_good and finding.remedy:
                console.print(f"     [bold]{_('what to do:')}[/] {escape(finding.remedy)}")
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    if any(not finding.is_good and finding.is_needed for finding in findings):
        raise typer.Exit(1)


def _repair(console: Console, class_dir: Path) -> None:
    from grader.cli.results import repairs
    from grader.course.folder import Course
    from grader.record.upkeep.repair import repair

    done = repair(Course.open(class_dir))
    moved = _("{file} is what was damaged; a new one takes its place.")
    lines = [moved.format(file=path.name) for path in done.moved]
    lines += [_("{slug} was released again.").format(slug=slug) for slug in done.released]
    lines += repairs(done.rows)
    if done.entries:
        count = len(done.entries)
        text = ngettext(
            "{count} damaged ledger entry lies in ledger/damaged now.",
            "{count} damaged ledger entries lie in ledger/damaged now.",
            count,
        )
        lines.append(text.format(count=count))
    if done.to_grade:
        names = ", ".join(f"{student} {slug}" for student, slug in done.to_grade[:10])
        count = len(done.to_grade)
        text = ngettext(
            "{count} result has to be graded anew, run `grader grade`: {names}",
            "{count} results have to be graded anew, run `grader grade`: {names}",
            count,
        )
        lines.append(text.format(count=count, names=names))
    for line in lines or [_("nothing had to be put right")]:
        console.print(f"[yellow]{_('repair')}[/] {escape(printable(line, 2000))}")
