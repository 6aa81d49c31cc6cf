"""From the bytes of a hostile or careless CSV file to rows with line numbers."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass

from grader.errors import InvalidSubmission
from grader.language import _

_DELIMITERS = {";": "';'", "\t": "TAB"}
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file and the line it starts on (1 is the header)."""

    line: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The records of a CSV file; blank lines are left out.

    Attributes:
        header: the first record.
        rows: the others.
        problems: what is wrong with the file as a whole although it could be read.
    """

    header: Row
    rows: tuple[Row, ...]
    problems: tuple[str, ...]


def read_table(data: bytes, limit_bytes: int) -> Table:
    """The file's records.

    A UTF-8 byte order mark and any line ending are fine. Semicolons and tabs are read, and reported.

    Raises:
        InvalidSubmission: too big, empty, not UTF-8 text, or not CSV.
    """
    if len(data) > limit_bytes:
        raise InvalidSubmission(
            _("ERROR: The file has {found} bytes; at most {limit} are accepted").format(
                found=len(data), limit=limit_bytes
            )
        )
    text = _decoded(data)
    delimiter = _delimiter_of(text)
    records = _records(text, delimiter)
    if not records:
        raise InvalidSubmission(_("ERROR: The file is empty. The first line must be: Id,Expected"))
    problems: tuple[str, ...] = ()
    if delimiter != ",":
        problems = (
            _("ERROR: Values are separated by {found} (Line {line}). Separate them by commas: Id,Expected").format(
                found=_DELIMITERS[delimiter], line=records[0].line
            ),
        )
    return Table(header=records[0], rows=tuple(records[1:]), problems=problems)


def shown(value: str) -> str:
    """A student's value, safe to print: in quotes, control characters escaped, cut to a readable length."""
    cut = value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 1] + "…"
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return f"'{escaped}'"


def _decoded(data: bytes) -> str:
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise InvalidSubmission(_("ERROR: The file is UTF-16 text. Save it as UTF-8"))
    if b"\0" in data:
        line = _line_of(data, data.index(b"\0"))
        raise InvalidSubmission(
            _("ERROR: The file holds a zero byte (Line {line}). Save it as plain UTF-8 text").format(line=line)
        )
    try:
        return data.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        # The mark was cut off before decoding; the line number does not depend on it.
        at = error.start + len(data) - len(data.removeprefix(BOM_UTF8))
        raise InvalidSubmission(
            _("ERROR: The file is not UTF-8 text: byte 0x{byte:02x} (Line {line}). Save it as UTF-8").format(
                byte=data[at], line=_line_of(data, at)
            )
        ) from None


def _line_of(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _delimiter_of(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return "," if "," in first else next((mark for mark in _DELIMITERS if mark in first), ",")


def _records(text: str, delimiter: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    records: list[Row] = []
    line = 1
    while True:
        try:
            values = next(reader, None)
        except csv.Error as error:
            raise InvalidSubmission(
                _("ERROR: The file is not CSV (Line {line}): {reason}").format(line=line, reason=error)
            ) from None
        if values is None:
            return records
        if values:
            records.append(Row(line, tuple(values)))
        line = reader.line_num + 1
