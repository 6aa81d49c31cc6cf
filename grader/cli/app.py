"""The command line's root: verbs, exit codes, and how errors are shown.

Exit codes: 0 all processed; 1 something could not be graded or done; 2 the command or the class's settings are wrong;
70 a fault of the grader's own, with a report in a file; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

from grader import __version__
from grader.cli import (
    audit,
    board,
    class_folder,
    contest,
    datasets,
    decisions,
    demo,
    doctor,
    grades,
    integrity,
    invitations,
    moving,
    serving,
)
from grader.cli.error_output import VerbGroup, errors_reported

app = typer.Typer(
    name="grader",
    cls=VerbGroup,
    help="Grade deep-learning notebooks in a sandbox, with hidden tests outside the student's process.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verbs in (
    class_folder,
    grades,
    contest,
    board,
    serving,
    invitations,
    decisions,
    integrity,
    audit,
    doctor,
    moving,
    demo,
):
    verbs.add_to(app)
app.add_typer(datasets.app, name="dataset")


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Say the version, or let a verb run."""
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries warn their own authors; a teacher can do nothing about it
    with errors_reported():
        app()
