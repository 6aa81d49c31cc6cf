"""The manuals that travel with the program: one for teachers, one page for students, each in two languages."""

from __future__ import annotations

from pathlib import Path

from grader.language import Language

FOLDER = Path(__file__).parent


def manual(reader: str, language: Language) -> str:
    """A manual's text, in Markdown.

    Args:
        reader: `teacher` or `student`.
        language: of the text.
    """
    return (FOLDER / f"{reader}-{language}.md").read_text(encoding="utf-8")
