"""Verbs that move a class to another machine: backup, restore."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, Json
from grader.language import _, ngettext
from grader.printable import printable


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(backup)
    app.command()(restore)


def backup(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The archive, outside the class folder.")],
    class_dir: Annotated[
        Path, typer.Argument(metavar="[CLASS_DIR]", help="The class folder; the current folder if left out.")
    ] = HERE,
    dataset: Annotated[
        bool, typer.Option("--dataset/--no-dataset", help="The data set's pictures too; the answers always are.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Back up a class into one file, also while `grader serve` runs.

    Readable for you alone (mode 0600): it holds answers, hidden tests and students' work. secrets.toml stays out.

    Example: [bold]grader backup cnn-2026 --to cnn-2026.zip[/]
    """
    from grader.course.folder import Course
    from grader.record.upkeep.backup import back_up

    made = back_up(Course.open(class_dir), to, with_dataset=dataset)
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False, default=str))
        return
    console = Console(highlight=False, soft_wrap=True)
    files = ngettext("{count} file", "{count} files", made.files).format(count=made.files)
    size = _("{size:.1f} MiB").format(size=made.bytes / 2**20)
    console.print(f"[green]{_('backed up')}[/] {files}, {size}: {escape(str(made.path))}")
    console.print(_("It holds answers, hidden tests and students' work: only you may read it; keep it so."))
    for line in made.left_out:
        console.print(f"[yellow]{_('left out')}[/] {escape(printable(line, 500))}")


def restore(
    archive: Annotated[Path, typer.Argument(metavar="FILE", help="What `grader backup` has made.")],
    to: Annotated[Path, typer.Option("--to", metavar="CLASS_DIR", help="A new folder.")],
    as_json: Json = False,
) -> None:
    """Make a class folder from a backup, on this machine or another.

    Example: [bold]grader restore cnn-2026.zip --to cnn-2026[/]
    """
    from grader.record.upkeep.restore import restore as restore_class

    made = restore_class(archive, to)
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False, default=str))
        return
    console = Console(highlight=False, soft_wrap=True)
    files = ngettext("{count} file", "{count} files", made.files).format(count=made.files)
    console.print(f"[green]{_('restored')}[/] {files}: {escape(str(made.root))}")
    for line in made.remarks:
        console.print(f"[yellow]{_('note')}[/] {escape(printable(line, 500))}")
    console.print(f"{_('next:')} cd {escape(str(made.root))}; grader doctor; grader grade")
