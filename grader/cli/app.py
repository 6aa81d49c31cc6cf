"""The command line's root: verbs, exit codes, and how errors are shown.

Exit codes: 0 all processed; 1 something could not be graded or done; 2 the command or the class's settings are wrong.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from grader import __version__
from grader.cli import (
    audit,
    board,
    classes,
    contest,
    datasets,
    decisions,
    demo,
    doctor,
    grades,
    integrity,
    moving,
    people,
    serving,
)
from grader.errors import AuthorFault, GraderError

app = typer.Typer(
    name="grader",
    help="Grade deep-learning notebooks in a sandbox, with hidden tests outside the student's process.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verbs in (classes, grades, contest, board, serving, people, decisions, integrity, audit, doctor, moving, demo):
    verbs.add_to(app)
app.add_typer(datasets.app, name="dataset")


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Say the version, or let a verb run."""
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command; errors of the project become a message and an exit code."""
    try:
        app()
    except GraderError as error:
        sys.exit(_tell(error))
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped. What was recorded stays; run the same command again to go on.")
        sys.exit(1)


def _tell(error: GraderError) -> int:
    code = 2 if isinstance(error, AuthorFault) else 1
    if "--json" in sys.argv:
        print(
            json.dumps(
                {"error": error.message, "remedy": error.remedy, "kind": type(error).__name__}, ensure_ascii=False
            )
        )
    else:
        console = Console(stderr=True, soft_wrap=True)
        console.print("[bold red]error:[/]", error.message, markup=True, highlight=False)
        if error.remedy:
            console.print("[bold]what to do:[/]", error.remedy, highlight=False)
    return code
