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


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(doctor)


def doctor(
    class_dir: Annotated[
        Path | None,
        typer.Option("--class", "-c", metavar="DIR", help="Look at this class too; the current folder if it is one."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what this machine can and cannot guarantee, and how to put it right.

    Example: [bold]grader doctor --class cnn-2026[/]
    """
    from grader.config import CONFIG_NAME
    from grader.doctor import look

    if class_dir is None and Path(CONFIG_NAME).is_file():
        class_dir = Path()
    console = Console(highlight=False)
    findings = []
    for finding in look(class_dir):
        findings.append(finding)
        if not as_json:
            mark = (
                "[green]ok[/]  " if finding.is_good else "[bold red]no[/]  " if finding.is_needed else "[yellow]note[/]"
            )
            console.print(f"{mark} {escape(finding.what)}: {escape(finding.found)}")
            if not finding.is_good and finding.remedy:
                console.print(f"     [bold]what to do:[/] {escape(finding.remedy)}")
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    if any(not finding.is_good and finding.is_needed for finding in findings):
        raise typer.Exit(1)
