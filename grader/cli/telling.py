"""What a verb that speaks with another system says: sentences on the terminal, or one JSON object at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from grader.printable import printable

if TYPE_CHECKING:
    from grader.lms.notes import Note

_MAX_CHARACTERS = 4000


class Teller:
    """Says what was found and made; nothing of it is markup, since names are other people's text."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self.facts: dict[str, Any] = {}

    def notes(self, notes: Sequence[Note]) -> None:
        """Say each kind once, problems in colour."""
        from grader.lms.notes import said

        for note, sentence in zip(notes, said(notes), strict=True):
            self._print(sentence, "yellow" if note.kind.is_problem else "")
            self.facts.setdefault("notes", {}).setdefault(note.kind.value, []).extend(note.names)

    def made(self, text: str, **facts: object) -> None:
        """Say what is there now."""
        self._print(text, "green")
        self.facts |= facts

    def hint(self, text: str) -> None:
        """Say what is good to know; machines do without."""
        self._print(text, "")

    def _print(self, text: str, colour: str) -> None:
        if not self._as_json:
            clean = escape(printable(text, _MAX_CHARACTERS))
            self._console.print(f"[{colour}]{clean}[/]" if colour else clean)


@contextmanager
def telling(as_json: bool) -> Iterator[Teller]:
    """Something to say things with; where JSON is asked for, all of it is printed at the end."""
    teller = Teller(as_json=as_json)
    yield teller
    if as_json:
        print(json.dumps(teller.facts, ensure_ascii=False))
