"""From the bytes of a hostile or careless CSV file to rows with line numbers.

A student's file is held to what the contest takes. A teacher's is read as spreadsheets save it.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass

from grader.errors import InvalidConfig, InvalidSubmission
from grader.language import _

_DELIMITERS = {";": "';'", "\t": "TAB"}
_SHOWN_CHARACTERS = 60
_RUSSIAN = re.compile("[А-Яа-яЁё]")


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


def read_given_table(data: bytes, name: str) -> Table:
    """The records of a table that a teacher has brought, as Excel and its like save it.

    UTF-8, UTF-16, Windows-1251 or DOS-866; commas, semicolons or tabs; with or without a byte order mark.

    Args:
        data: the file.
        name: of the file, for the message.

    Raises:
        InvalidConfig: it is empty, a workbook, or no table.
    """
    wrong = _no_table(data, name)
    if wrong:
        raise InvalidConfig(
            wrong, remedy=_("In the spreadsheet choose Save as, CSV UTF-8 (comma delimited), and name that file.")
        )
    lines = _any_text(data).splitlines(keepends=True)
    if lines[0].strip().lower().startswith("sep="):
        lines[0] = "\n"  # Excel's own hint; line numbers stay
    text = "".join(lines)
    header = next((line for line in lines if line.strip()), "")
    try:
        records = _records(text, max((",", *_DELIMITERS), key=header.count))
    except InvalidSubmission as error:
        raise InvalidConfig(f"{name}: {error.message}", remedy=_("Save it as CSV once more.")) from error
    return Table(Row(records[0].line, tuple(map(str.strip, records[0].values))), tuple(records[1:]), ())


def shown(value: str) -> str:
    """A student's value, safe to print: in quotes, control characters escaped, cut to a readable length."""
    cut = value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 1] + "…"
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return f"'{escaped}'"


def _no_table(data: bytes, name: str) -> str:
    """What a file is that is no text with lines in it; empty where it may be a table."""
    start = data.lstrip()[:9].lower()
    if not data.strip(b"\0 \t\r\n" + BOM_UTF8 + BOM_UTF16_LE):
        return _("{name} is empty.").format(name=name)
    if start.startswith((b"pk\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _("{name} is a workbook of a spreadsheet (.xlsx, .xls, .ods) and not a CSV file.").format(name=name)
    if start.startswith((b"%pdf", b"<!doctype", b"<html")):
        return _("{name} is a document or a web page and not a CSV file.").format(name=name)
    return ""


def _any_text(data: bytes) -> str:
    """Text in one of the encodings that Russian spreadsheets save in."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:2]:  # a header begins with a Latin letter
        return data.decode("utf-16-le" if data[:1] != b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        tried = [data.decode(name, "replace") for name in ("cp1251", "cp866")]
        return max(tried, key=lambda text: len(_RUSSIAN.findall(text)))


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
