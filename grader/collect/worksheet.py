"""Moodle's offline grading worksheet: who a participant of one assignment is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from grader.course.roster import name_key
from grader.errors import InvalidConfig
from grader.files import read_given
from grader.language import _
from grader.scoring.csv_table import read_given_table

_IDENTIFIER = ("identifier", "идентификатор", "id", "ідентифікатор")
_NAME = ("full name", "полное имя", "имя / фамилия", "фамилия, имя", "имя", "фио")
_EMAIL = ("email address", "адрес электронной почты", "e-mail", "email")


@dataclass(frozen=True)
class Participant:
    """A line of the worksheet.

    Attributes:
        identifier: as Moodle writes it, such as `Participant 12345` or `Участник12345`.
        name: the full name; empty under blind marking.
        email: the address; empty where the site hides it.
    """

    identifier: str
    name: str
    email: str


@dataclass(frozen=True)
class Worksheet:
    """The worksheet's lines by the participant's number."""

    lines: dict[str, Participant]

    def line(self, number: str) -> Participant | None:
        """The participant of this number."""
        return self.lines.get(number)

    def has_namesake(self, line: Participant) -> bool:
        """Whether another participant has the same name."""
        return sum(name_key(other.name) == name_key(line.name) for other in self.lines.values()) > 1


def read_worksheet(path: Path) -> Worksheet:
    """Read a worksheet as Moodle has made it, or a spreadsheet has saved it.

    Raises:
        InvalidConfig: it cannot be read, is no table, has no column of identifiers, or names a participant twice.
    """
    table = read_given_table(read_given(path), str(path))
    titles = [title.casefold() for title in table.header.values]
    at = {kind: _column(titles, known) for kind, known in (("id", _IDENTIFIER), ("name", _NAME), ("email", _EMAIL))}
    if at["id"] is None:
        raise InvalidConfig(
            _("{path} is no grading worksheet of Moodle: it has the columns {columns}, and no Identifier.").format(
                path=path, columns=", ".join(table.header.values)[:300]
            ),
            remedy=_("In the assignment choose Grading action, Download grading worksheet, and name that file."),
        )
    lines: dict[str, Participant] = {}
    for row in table.rows:
        texts = {
            kind: row.values[column].strip() if column is not None and column < len(row.values) else ""
            for kind, column in at.items()
        }
        number = re.search(r"(\d+)\s*$", texts["id"])
        if number is None:
            continue
        if number[1] in lines:
            raise InvalidConfig(
                _("{path} names participant {number} twice (line {line}).").format(
                    path=path, number=number[1], line=row.line
                ),
                remedy=_("Download the worksheet again."),
            )
        lines[number[1]] = Participant(texts["id"], texts["name"], texts["email"])
    return Worksheet(lines)


def _column(titles: list[str], known: tuple[str, ...]) -> int | None:
    return next((titles.index(title) for title in known if title in titles), None)
