"""The class's roster: a CSV of the teacher's with the columns `id` and, optionally, `name`, `email` and others.

Further columns are what other systems call the student, such as the number of a learning management system.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.course.folder import Course
from grader.errors import InvalidConfig
from grader.files import read_given, write_atomically
from grader.language import _
from grader.scoring.csv_table import Row, read_given_table

ROSTER = "roster.csv"


COLUMNS = ("id", "name", "email")


@dataclass(frozen=True)
class Person:
    """One line of a roster; what it does not say is empty.

    Attributes:
        id: the student's id in this class.
        name: as the teacher writes it.
        email: their address.
        others: further columns by their title in lower case: what other systems call the student.
    """

    id: str
    name: str
    email: str
    others: Mapping[str, str] = field(default_factory=dict)


def name_key(name: str) -> tuple[str, ...]:
    """What two spellings of one person's name have in common: its words in one order, case and `ё` folded.

    Which of first and last name comes first is a setting of each system; macOS decomposes letters such as `й`.
    """
    text = unicodedata.normalize("NFC", name).casefold().replace("ё", "е")
    return tuple(sorted(re.findall(r"[^\W_]+", text)))


def read_people(path: Path) -> list[Person]:
    """The people of a roster, as a spreadsheet has saved it; lines whose id is empty or blank are skipped.

    Raises:
        InvalidConfig: the file cannot be read, is no table, or has no column `id`.
    """
    table = read_given_table(read_given(path), str(path))
    columns = [title.lower() for title in table.header.values]
    if "id" not in columns:
        raise InvalidConfig(
            _("{path} has the columns {list}; expected `id` and, if wanted, `name` and `email`.").format(
                path=path, list=list(table.header.values)
            ),
            remedy=_("Put the header right."),
        )
    people = [_person(row, columns) for row in table.rows]
    return [person for person in people if person.id]


def add_people(path: Path, people: Sequence[Person]) -> None:
    """Add lines to a roster, in the encoding and with the separator that it has; what stood there stays as it is.

    Args:
        path: the roster.
        people: whom it lacks; of their columns those are written that it has.

    Raises:
        InvalidConfig: the roster cannot be read, or cannot write a name in its encoding.
        EnvironmentFault: it cannot be written; it is as it was.
    """
    data = read_given(path)
    header = read_given_table(data, str(path)).header.values
    encoding, text = _decoded(data, header)
    first = next(line for line in text.splitlines() if all(title in line for title in header))
    lines = io.StringIO()
    end = "\r\n" if "\r\n" in text else "\n"
    writer = csv.writer(lines, delimiter=max(",;\t", key=first.count), lineterminator=end)
    for person in people:
        known = {"id": person.id, "name": person.name, "email": person.email, **person.others}
        writer.writerow([known.get(title.lower(), "") for title in header])
    added = ("" if text.endswith(("\n", "\r")) else end) + lines.getvalue()
    try:
        write_atomically(path, data + added.encode(encoding))
    except UnicodeEncodeError as error:
        raise InvalidConfig(
            _("{path} is in the encoding {encoding}, which has no {added!r}.").format(
                path=path, encoding=encoding, added=added[error.start]
            ),
            remedy=_("Save the roster as CSV UTF-8 in the spreadsheet, and run the same command again."),
        ) from None


def _decoded(data: bytes, header: Sequence[str]) -> tuple[str, str]:
    """The encoding in which the reader of tables has found this header, for more text; and the text."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1251", "cp866"):
        text = data.decode(encoding, "replace")
        if "\ufffd" not in text and all(title in text for title in header) and _is_cyrillic(text, encoding):
            return encoding, text
    return "utf-8", data.decode("utf-8", "replace")


def _is_cyrillic(text: str, encoding: str) -> bool:
    """Whether one of the two encodings of eight bits fits: the reader of tables takes the one with more Russian."""
    other = {"cp1251": "cp866", "cp866": "cp1251"}.get(encoding)
    if other is None:
        return True
    letters = re.compile("[А-Яа-яЁё]")
    return len(letters.findall(text)) >= len(letters.findall(text.encode(encoding).decode(other, "replace")))


def _person(row: Row, columns: Sequence[str]) -> Person:
    others = {title: _cell(row, columns, title) for title in columns if title not in COLUMNS}
    id_, name, email = (_cell(row, columns, title) for title in COLUMNS)
    return Person(id_, name, email, others)


def _cell(row: Row, columns: Sequence[str], title: str) -> str:
    at = columns.index(title) if title in columns else len(row.values)
    return row.values[at].strip() if at < len(row.values) else ""


def is_student_name(name: str) -> bool:
    """Whether a folder's name is UTF-8 text, as files and databases need it."""
    return name == name.encode("utf-8", "replace").decode()


def read_roster(course: Course) -> dict[str, str] | None:
    """Names by student id from `roster.csv` (columns `id` and, if wanted, `name`), or None where there is none.

    Raises:
        InvalidConfig: the file is no table, or has no column `id`.
    """
    path = course.root / ROSTER
    return {person.id: person.name for person in read_people(path)} if path.exists() else None


def is_student_id(name: str) -> bool:
    """Whether a name can be a student's id: it becomes a folder."""
    return (
        bool(re.fullmatch(r"[\w.@\- ]{1,64}", name))
        and not name.startswith(".")
        and name not in ("archive", "extracted")
    )
