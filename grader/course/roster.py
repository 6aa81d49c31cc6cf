"""The class's roster: a CSV of the teacher's with the columns `id` and, optionally, `name` and `email`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.course.folder import Course
from grader.errors import InvalidConfig
from grader.files import read_given
from grader.scoring.csv_table import Row, read_given_table

ROSTER = "roster.csv"


@dataclass(frozen=True)
class Person:
    """One line of a roster; what it does not say is empty."""

    id: str
    name: str
    email: str


def read_people(path: Path) -> list[Person]:
    """The people of a roster, as a spreadsheet has saved it; lines whose id is empty or blank are skipped.

    Raises:
        InvalidConfig: the file cannot be read, is no table, or has no column `id`.
    """
    table = read_given_table(read_given(path), str(path))
    columns = [title.lower() for title in table.header.values]
    if "id" not in columns:
        raise InvalidConfig(
            f"{path} has the columns {list(table.header.values)}; expected `id` and, if wanted, `name` and `email`.",
            remedy="Put the header right.",
        )
    people = [Person(*(_cell(row, columns, title) for title in ("id", "name", "email"))) for row in table.rows]
    return [person for person in people if person.id]


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
