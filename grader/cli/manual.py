"""The verb that shows a manual."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from grader.language import current_language


class Reader(StrEnum):
    """Whom a manual is for."""

    TEACHER = "teacher"
    STUDENT = "student"


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(manual)


def manual(
    reader: Annotated[Reader, typer.Argument(help="teacher or student.")] = Reader.TEACHER,
) -> None:
    """Show the teacher's manual, from installing to the end of term, or the student's page.

    It is in the language of the command. Sent to a file it is Markdown.

    Example: [bold]grader --language ru manual student > handout.md[/]
    """
    from grader.show.manual import manual as text_of

    text = text_of(reader.value, "ru" if current_language() == "ru" else "en")
    if not sys.stdout.isatty():
        print(text, end="")
        return
    from rich.console import Console
    from rich.markdown import Markdown

    shown = "\n".join(line for line in text.splitlines() if not line.startswith("<!--"))
    Console().print(Markdown(shown))
