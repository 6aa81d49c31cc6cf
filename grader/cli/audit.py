"""The verb that looks whether an assignment's tests are worth anything."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.cli.options import HERE, Json

LEAST_PERCENT = 95.0


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(audit)


def audit(
    slugs: Annotated[list[str] | None, typer.Argument(metavar="[ASSIGNMENT]...", help="All if left out.")] = None,
    class_dir: Annotated[
        Path,
        typer.Option(
            "--class", "-c", metavar="DIR", help="The class folder; the current folder if it is one, else our course."
        ),
    ] = HERE,
    mutants: Annotated[
        bool | None,
        typer.Option(
            "--mutants/--no-mutants",
            help="Mutate the reference solution; left out: where that takes minutes, not hours.",
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", "-n", metavar="N", help="At most N mutants of an assignment, evenly chosen.", min=0),
    ] = 0,
    least: Annotated[
        float, typer.Option(metavar="PERCENT", help="Fewer killed mutants are a failure.", min=0, max=100)
    ] = LEAST_PERCENT,
    workers: Annotated[int, typer.Option("--workers", help="Answers graded at once; 0: one per core.", min=0)] = 0,
    diagnoses: Annotated[
        bool,
        typer.Option("--diagnoses", help="Change right answers, and tell how well students read what is wrong."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Try an assignment on the author's own answers, and on small changes of the reference solution.

    The reference earns full points, the untouched release none, every right answer all, every wrong one loses what its
    header says; then the reference solution is changed in one place at a time, and each change has to cost points.
    Stop it at any moment and run it again.

    Example: [bold]grader audit resnet[/]
    """
    from grader.audit.auditing import ProgressListener, Wanted
    from grader.audit.auditing import audit as audit_one
    from grader.audit.running import Runner
    from grader.audit.subjects import find_subjects
    from grader.cli.audit_report import ProgressWatcher, show_audit

    subjects = find_subjects(class_dir, slugs or ())
    slots = workers or os.cpu_count() or 1
    wanted = Wanted(slots, mutants, limit, diagnoses)
    listener = ProgressListener() if as_json else ProgressWatcher(Console(stderr=True))
    found = []
    with Runner(slots) as runner, listener:
        for subject in subjects:
            audited = audit_one(subject, wanted, runner, listener)
            found.append(audited)
            if not as_json:
                show_audit(Console(highlight=False), audited, least, subject.language)
    if as_json:
        print(json.dumps({"assignments": [audited.to_dict() for audited in found]}, ensure_ascii=False))
    if not all(audited.is_good(least) for audited in found):
        raise typer.Exit(1)
