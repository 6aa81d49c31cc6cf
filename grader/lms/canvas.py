"""Canvas's gradebook as CSV: the column of one assignment is filled in, everything else stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grader.errors import InvalidConfig
from grader.language import _
from grader.lms.filling import Filled, Line, decide, read_number, writes_commas, written
from grader.lms.matching import Listed
from grader.lms.notes import Notes
from grader.lms.results import ClassResults
from grader.lms.table_in_place import TableInPlace, read_in_place

STUDENT = ("student", "студент", "учащийся")
ID = ("id",)
LOGINS = ("sis user id", "sis login id", "integration id")
ROSTER_TITLES = ("canvas", "canvas id")
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)")
_SHOWN = 20


@dataclass(frozen=True)
class CanvasGradebook:
    """A gradebook as it was downloaded.

    Attributes:
        table: the file.
        student: the column of names, `Last, First`.
        id: the column of Canvas's numbers; lines without one are no students.
        logins: columns of the institution's numbers.
    """

    table: TableInPlace
    student: int
    id: int
    logins: tuple[int, ...]

    @classmethod
    def read(cls, data: bytes, name: str) -> CanvasGradebook:
        """Read a gradebook.

        Args:
            data: the file.
            name: of the file, for the message.

        Raises:
            InvalidConfig: it is no gradebook.
        """
        table = read_in_place(data, name)
        student, number = table.column(STUDENT), table.column(ID)
        if student is None or number is None:
            raise InvalidConfig(
                _("{name} has the columns {found}; expected Canvas's: {expected}.").format(
                    name=name, found=", ".join(table.titles[:_SHOWN]), expected="Student, ID, SIS User ID, ..."
                ),
                remedy=_("In Canvas, open Grades and choose Export."),
            )
        return cls(table, student, number, table.columns(LOGINS))

    def column_of(self, known: ClassResults, asked: str = "") -> int:
        """The assignment's column.

        Args:
            known: the class, whose assignment's title or name the column's is compared with.
            asked: the column's whole title, its title without the number, or its number, where a teacher names it.

        Raises:
            InvalidConfig: no column or several have that name.
        """
        columns = [(at, found) for at, title in enumerate(self.table.titles) if (found := _ASSIGNMENT.fullmatch(title))]
        wanted = {asked.strip().casefold()} if asked else {known.title.casefold(), known.slug.casefold()}
        fitting = [
            at for at, found in columns if {found[0].casefold(), found["title"].casefold(), found["id"]} & wanted
        ]
        if len(fitting) == 1:
            return fitting[0]
        names = [found[0] for _at, found in columns]
        raise InvalidConfig(
            _("{count} columns of the gradebook are called {wanted}; its assignments are: {names}.").format(
                count=len(fitting), wanted=asked or f"{known.title}, {known.slug}", names=_few(names) or _("none")
            ),
            remedy=_("Name the column: --column with its number, which stands in brackets."),
        )

    def lines(self, column: int) -> list[Line]:
        """Every line, those above the students too: they have no number and no name that anybody has."""
        value = self.table.value
        heads = self._heads()
        maximum = next((found for row in heads if (found := read_number(value(row, column))) is not None), None)
        return [
            Line(
                Listed("")
                if row in heads
                else Listed(
                    value(row, self.student),
                    value(row, self.id),
                    next((login for at in self.logins if "@" in (login := value(row, at))), ""),
                    tuple(value(row, at) for at in self.logins),
                ),
                read_number(value(row, column)),
                maximum,
            )
            for row in range(len(self.table.rows))
        ]

    def _heads(self) -> list[int]:
        """Lines about the columns, such as `Points Possible`: in each language of Canvas they have no number."""
        return [row for row in range(len(self.table.rows)) if not self.table.value(row, self.id)]


def fill(gradebook: CanvasGradebook, column: int, known: ClassResults, *, scale: bool = False) -> Filled:
    """Fill in one column of points; every other byte stays.

    Args:
        gradebook: as it was downloaded.
        column: of the assignment.
        known: the class.
        scale: whether points are converted where the maximum differs.

    Raises:
        InvalidConfig: the maximum differs, and `scale` was not asked for.
    """
    notes = Notes()
    lines = gradebook.lines(column)
    decided = decide(lines, known, ROSTER_TITLES, notes, scale=scale)
    comma = writes_commas(gradebook.table, (column,))
    values = {(row, column): written(one.grade, comma=comma) for row, one in decided.items() if one.grade is not None}
    return Filled(gradebook.table.with_values(values), len(values), notes.all())


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
