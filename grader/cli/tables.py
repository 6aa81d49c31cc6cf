"""Tables in a terminal of any width: what does not fit goes on in the next line, and nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.printable import printable

_MAX_CHARACTERS = 1000


def print_table(
    console: Console, titles: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None
) -> None:
    """Print a table whose cells are other people's text: no markup, no escape sequences.

    Args:
        console: where to.
        titles: of the columns.
        rows: of as many cells; a cell that is longer than its column is folded, a long word too.
        title: of the whole.
    """
    table = Table(title=title, title_justify="left")
    for name in titles:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell, _MAX_CHARACTERS), overflow="fold") for cell in row))
    console.print(table, soft_wrap=False)
