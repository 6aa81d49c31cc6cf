"""A CSV file in which single cells are filled in and every other byte stays: BOM, quotes, line ends, order.

`grader.scoring.csv_table` reads values; here the place of each value in the file is known too.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from grader.errors import InvalidConfig
from grader.language import _

BOM = "\ufeff"
_DELIMITERS = (",", ";", "\t")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value and where in the text it stands, its quotes included."""

    start: int
    end: int
    value: str
    is_quoted: bool


@dataclass(frozen=True)
class TableInPlace:
    """A table as it lies in its file.

    Attributes:
        text: the whole file, byte order mark included.
        encoding: turns the text back into the file's bytes.
        delimiter: between two cells.
        header: the first record.
        rows: the others; blank lines are left out.
    """

    text: str
    encoding: str
    delimiter: str
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """The header's values."""
        return tuple(cell.value.strip() for cell in self.header)

    def columns(self, titles: Collection[str]) -> tuple[int, ...]:
        """The columns that have one of these titles, whatever the case."""
        wanted = {title.casefold() for title in titles}
        return tuple(at for at, title in enumerate(self.titles) if title.casefold() in wanted)

    def column(self, titles: Collection[str]) -> int | None:
        """The first of these columns; None where there is none."""
        return next(iter(self.columns(titles)), None)

    def value(self, row: int, column: int | None) -> str:
        """A cell's value without spaces around it; empty where there is no such column."""
        return "" if column is None else self.rows[row][column].value.strip()

    def with_values(self, values: Mapping[tuple[int, int], str]) -> bytes:
        """The file with other values at these places.

        Args:
            values: by row (0 is the first below the header) and column. A character that the file's encoding does not
                have is written as HTML's reference to it, so only HTML may hold one.
        """
        pieces = []
        done = 0
        places = [(self.rows[row][column], value) for (row, column), value in values.items()]
        for cell, value in sorted(places, key=lambda place: place[0].start):
            pieces += [self.text[done : cell.start], self._written(value, cell)]
            done = cell.end
        return "".join([*pieces, self.text[done:]]).encode(self.encoding, "xmlcharrefreplace")

    def _written(self, value: str, cell: Cell) -> str:
        needs_quotes = any(mark in value for mark in (self.delimiter, '"', "\r", "\n"))
        return '"{}"'.format(value.replace('"', '""')) if cell.is_quoted or needs_quotes else value


def read_in_place(data: bytes, name: str) -> TableInPlace:
    """The table in a file that a teacher has brought from another system.

    Args:
        data: the file: UTF-8, UTF-16 or Windows-1251, with commas, semicolons or tabs.
        name: of the file, for the message.

    Raises:
        InvalidConfig: it is no such table, or it cannot be told which cell a value belongs to.
    """
    text, encoding = _decoded(data, name)
    start = len(BOM) if text.startswith(BOM) else 0
    first = text[start:].split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    # PHP, and so Moodle, writes a quote behind a backslash once and not twice. As this makes files ambiguous, it is
    # only tried where the file is no CSV without it.
    for escape in ("", "\\"):
        records = _records(text, start, delimiter, escape)
        if records is not None and len(records[0]) > 1 and all(len(one) == len(records[0]) for one in records):
            return TableInPlace(text, encoding, delimiter, records[0], tuple(records[1:]))
    raise InvalidConfig(
        _("{name} is no table whose lines all have as many cells as its first one.").format(name=name),
        remedy=_("Download it once more from the learning management system, and name that file."),
    )


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        codecs = ["utf-16-le" if data.startswith(BOM_UTF16_LE) else "utf-16-be"]
    else:
        codecs = ["utf-8", "cp1251"]  # the second: what a Russian Excel saves
    for codec in codecs:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and text.strip(BOM + " \t\r\n"):
            return text, codec
    raise InvalidConfig(
        _("{name} is not CSV text in UTF-8, UTF-16 or Windows-1251.").format(name=name),
        remedy=_("Download it once more from the learning management system, and name that file."),
    )


def _records(text: str, at: int, delimiter: str, escape: str) -> list[tuple[Cell, ...]] | None:
    """All records but blank lines; None where the text is not CSV."""
    end_of_cell = re.compile(rf"{re.escape(delimiter)}|\r|\n")
    records: list[tuple[Cell, ...]] = []
    cells: list[Cell] = []
    while at < len(text) or cells:
        cell = _quoted(text, at, escape) if text[at : at + 1] == '"' else _bare(text, at, end_of_cell)
        if cell is None:
            return None
        cells.append(cell)
        at = cell.end
        if text.startswith(delimiter, at):
            at += len(delimiter)
            continue
        line_end = _LINE_END.match(text, at)
        if line_end is None and at < len(text):
            return None
        if len(cells) > 1 or cells[0].end > cells[0].start:
            records.append(tuple(cells))
        cells = []
        at = line_end.end() if line_end else at
    return records or None


def _bare(text: str, at: int, end_of_cell: re.Pattern[str]) -> Cell:
    found = end_of_cell.search(text, at)
    end = found.start() if found else len(text)
    return Cell(at, end, text[at:end], is_quoted=False)


def _quoted(text: str, at: int, escape: str) -> Cell | None:
    """The cell in quotes that begins here; None where it has no end."""
    look_from = at + 1
    while (quote := text.find('"', look_from)) >= 0:
        if escape and quote > at + 1 and text[quote - 1] == escape:
            look_from = quote + 1
        elif text.startswith('""', quote):
            look_from = quote + 2
        else:
            return Cell(at, quote + 1, text[at + 1 : quote].replace('""', '"'), is_quoted=True)
    return None
