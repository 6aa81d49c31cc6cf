"""The command line's root: verbs, exit codes, and how errors are shown.

Exit codes: 0 all processed; 1 something could not be graded or done; 2 the command or the class's settings are wrong;
70 a fault of the grader's own, with a report in a file; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
import warnings
from enum import StrEnum
from typing import Annotated

import typer

from grader import __version__
from grader.cli import (
    audit,
    board,
    class_folder,
    collecting,
    contest,
    datasets,
    decisions,
    demo,
    doctor,
    exports,
    extending,
    grades,
    integrity,
    invitations,
    machines,
    manual,
    moodle,
    moving,
    plan,
    reminding,
    serving,
    waiting,
)
from grader.cli.error_output import VerbGroup, errors_reported
from grader.language import address_in, language_of_locale

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
    collecting,
    grades,
    exports,
    contest,
    board,
    serving,
    machines,
    invitations,
    decisions,
    waiting,
    extending,
    reminding,
    integrity,
    audit,
    doctor,
    moving,
    plan,
    manual,
    demo,
):
    verbs.add_to(app)
app.add_typer(datasets.app, name="dataset")
app.add_typer(moodle.app, name="moodle")


class Spoken(StrEnum):
    """A language in which the command speaks."""

    RU = "ru"
    EN = "en"


def _speak(language: Spoken | None) -> Spoken | None:
    """Address the reader so from here on; eager, so that `--help` behind it speaks the language too."""
    if language is not None and "--json" not in sys.argv:
        address_in(language.value)
    return language


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    language: Annotated[
        Spoken | None,
        typer.Option(
            help="What the command says is in this language; left out, in that of the system's locale.",
            is_eager=True,
            callback=_speak,
        ),
    ] = None,
) -> None:
    """Say the version, or let a verb run."""
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command, in the language of the system's locale unless `--language` names another.

    What machines read is the same in every language.
    """
    address_in(None if "--json" in sys.argv else language_of_locale(os.environ))
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries warn their own authors; a teacher can do nothing about it
    with errors_reported():
        app()
