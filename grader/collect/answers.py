"""What a teacher has answered to the question whose a submission is; kept in the class folder for the term."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.course.folder import Course
from grader.course.roster import is_student_id, read_roster
from grader.errors import InvalidConfig
from grader.files import read_given, write_atomically
from grader.language import _
from grader.scoring.csv_table import read_given_table

ANSWERS = "collected-names.csv"
COLUMNS = ("name", "student")
NOBODY = "-"  # an answer too: it is no student's, and is not asked about again


@dataclass(frozen=True)
class Answers:
    """Students by the name that was asked about; of a team several."""

    by_name: Mapping[str, tuple[str, ...]]

    def get(self, name: str) -> tuple[str, ...]:
        """Who was answered for a name; empty where nobody was."""
        return self.by_name.get(_key(name), ())

    def with_more(self, more: Answers) -> Answers:
        """These, with others that count where both say something."""
        return Answers({**self.by_name, **more.by_name})

    def of_students(self, known: Collection[str] | None) -> Answers:
        """Those that mean students of the roster still; all where there is none."""
        if known is None:
            return self
        return Answers({name: students for name, students in self.by_name.items() if {*students} <= {*known, NOBODY}})


def of_mapping(students: Mapping[str, str]) -> Answers:
    """Answers from names as they were asked."""
    return Answers({_key(name): (student,) for name, student in students.items()})


def read_answers(path: Path, known: Collection[str] | None) -> Answers:
    """Answers from a table `name,student`; a line without a student answers nothing.

    Args:
        path: the table; a name that stands in several lines is a team's.
        known: ids of the roster; None where there is none.

    Raises:
        InvalidConfig: it cannot be read, is no table, lacks a column, or names somebody who is not on the roster.
    """
    table = read_given_table(read_given(path), str(path))
    titles = [title.casefold() for title in table.header.values]
    if not {*COLUMNS} <= {*titles}:
        raise InvalidConfig(
            _("{path} has the columns {columns}; expected `name` and `student`.").format(
                path=path, columns=", ".join(table.header.values)[:300]
            ),
            remedy=_("Put the header right: name,student."),
        )
    found: dict[str, tuple[str, ...]] = {}
    for row in table.rows:
        name, student = (
            row.values[titles.index(title)].strip() if titles.index(title) < len(row.values) else ""
            for title in COLUMNS
        )
        if not name or not student:
            continue
        is_possible = student == NOBODY or (is_student_id(student) if known is None else student in known)
        if not is_possible:
            raise InvalidConfig(
                _("{path}, line {line}: {student} is no student of this class.").format(
                    path=path, line=row.line, student=repr(student[:80])
                ),
                remedy=_("Write an id of roster.csv, or - for a submission that is nobody's."),
            )
        found[_key(name)] = tuple(dict.fromkeys((*found.get(_key(name), ()), student)))
    return Answers(found)


def answers_for(course: Course, path: Path) -> Answers:
    """A teacher's table of answers about a class.

    Raises:
        InvalidConfig: it is no such table, or the roster cannot be read.
    """
    return read_answers(path, read_roster(course))


def remembered(course: Course, known: Collection[str] | None) -> Answers:
    """What was answered earlier this term.

    Raises:
        InvalidConfig: the file is no table of answers any more.
    """
    path = course.root / ANSWERS
    return read_answers(path, None).of_students(known) if path.exists() else Answers({})


def remember(course: Course, answers: Answers) -> None:
    """Keep answers for the term, those of earlier too.

    Raises:
        EnvironmentFault: they cannot be written.
    """
    if not answers.by_name:
        return
    kept = remembered(course, None).with_more(answers)
    write_atomically(course.root / ANSWERS, as_table(kept.by_name).encode())


def as_table(students: Mapping[str, Collection[str]]) -> str:
    """Answers as the table that `--map` reads."""
    return _written([COLUMNS, *((name, student) for name, ids in sorted(students.items()) for student in ids)])


def to_fill_in(candidates: Mapping[str, Collection[str]]) -> str:
    """Questions as a table for a teacher to fill in.

    Those who may be meant stand in a column of their own, which is not read: a table that is saved unread says nothing.
    """
    lines = [(name, "", " ".join(ids)) for name, ids in sorted(candidates.items())]
    return _written([(*COLUMNS, "perhaps"), *lines])


def _written(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
