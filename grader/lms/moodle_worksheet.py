"""Moodle's offline grading worksheet: points and comments are filled into the teacher's own file.

Identifiers are never built: `Participant 12345` has another form in each language of a site.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.errors import InvalidConfig
from grader.language import _
from grader.lms.comments import is_ours
from grader.lms.filling import Filled, Line, decide, read_number, writes_commas, written
from grader.lms.matching import Listed
from grader.lms.notes import NoteKind, Notes
from grader.lms.results import ClassResults
from grader.lms.table_in_place import TableInPlace, read_in_place

# In English and Russian, as Moodle's language packs have them.
IDENTIFIER = ("identifier", "идентификатор")
NAME = (
    "full name",
    "полное имя",
    "фио",
    "имя / фамилия",
    "first name / last name",
    "фамилия / имя",
    "фамилия, имя",
    "имя",
)
EMAIL = ("email address", "адрес электронной почты", "электронная почта", "email")
LOGINS = ("username", "логин", "id number", "индивидуальный номер", "номер id")
GRADE = ("grade", "оценка")
MAXIMUM = ("maximum grade", "максимальная оценка")
CAN_CHANGE = ("grade can be changed", "оценка может быть изменена")
COMMENT = ("feedback comments", "отзыв в виде комментария", "комментарий в виде отзыва", "отзыв")
NO = ("no", "нет")
ROSTER_TITLES = ("participant", "identifier", "участник", "идентификатор")


@dataclass(frozen=True)
class Columns:
    """Where in a worksheet what stands; None where it has no such column."""

    identifier: int
    grade: int
    name: int | None
    email: int | None
    maximum: int | None
    can_change: int | None
    comment: int | None
    logins: tuple[int, ...]


@dataclass(frozen=True)
class Worksheet:
    """A worksheet as it was downloaded."""

    table: TableInPlace
    columns: Columns

    @classmethod
    def read(cls, data: bytes, name: str) -> Worksheet:
        """Read a worksheet.

        Args:
            data: the file.
            name: of the file, for the message.

        Raises:
            InvalidConfig: it is no worksheet.
        """
        table = read_in_place(data, name)
        identifier, grade = table.column(IDENTIFIER), table.column(GRADE)
        if identifier is None or grade is None:
            raise InvalidConfig(
                _("{name} has the columns {found}; expected Moodle's: {expected}.").format(
                    name=name, found=", ".join(table.titles), expected="Identifier, Full name, Grade, ..."
                ),
                remedy=_(
                    "In Moodle, turn on the feedback type Offline grading worksheet in the assignment's settings, then "
                    "choose Download grading worksheet where all submissions are listed."
                ),
            )
        columns = Columns(
            identifier, grade, table.column(NAME), table.column(EMAIL), table.column(MAXIMUM),
            table.column(CAN_CHANGE), table.column(COMMENT), table.columns(LOGINS),
        )  # fmt: skip
        return cls(table, columns)

    def lines(self) -> list[Line]:
        """Who is listed, and what is there now."""
        value, at = self.table.value, self.columns
        return [
            Line(
                Listed(
                    value(row, at.name),
                    value(row, at.identifier),
                    value(row, at.email),
                    tuple(value(row, column) for column in at.logins),
                ),
                read_number(value(row, at.grade)),
                read_number(value(row, at.maximum)),
                value(row, at.can_change).casefold() in NO,
            )
            for row in range(len(self.table.rows))
        ]

    def titles_of_numbers(self, slug: str) -> tuple[str, ...]:
        """The roster's columns that may hold these identifiers: a participant has another number in each assignment."""
        return (*ROSTER_TITLES, *(f"{title} {slug}" for title in ROSTER_TITLES))


def fill(sheet: Worksheet, known: ClassResults, *, scale: bool = False) -> Filled:
    """Fill in points and comments; every other byte stays.

    Args:
        sheet: as it was downloaded.
        known: the class.
        scale: whether points are converted where the worksheet's maximum differs.

    Raises:
        InvalidConfig: the maximum differs, and `scale` was not asked for; or Moodle grades on a scale.
    """
    _require_points(sheet)
    notes = Notes()
    lines = sheet.lines()
    decided = decide(lines, known, sheet.titles_of_numbers(known.slug), notes, scale=scale)
    comma = writes_commas(sheet.table, (sheet.columns.grade, sheet.columns.maximum))
    column = sheet.columns.comment
    values: dict[tuple[int, int], str] = {}
    for row, one in decided.items():
        if one.grade is not None:
            values[row, sheet.columns.grade] = written(one.grade, comma=comma)
        if column is None or lines[row].is_locked:
            continue
        there = sheet.table.value(row, column)
        if not is_ours(there):
            notes.add(NoteKind.OWN_COMMENT, lines[row].listed.shown)
        elif there != one.result.comment:
            values[row, column] = one.result.comment
    count = sum(one.grade is not None for one in decided.values())
    return Filled(sheet.table.with_values(values), count, notes.all())


def _require_points(sheet: Worksheet) -> None:
    """Refuse an assignment that is graded on a scale: its grades are words."""
    maxima = {sheet.table.value(row, sheet.columns.maximum) for row in range(len(sheet.table.rows))} - {""}
    if maxima and all(read_number(text) is None for text in maxima):
        raise InvalidConfig(
            _(
                "The worksheet's maximum is {found}: in Moodle the assignment is graded on a scale or not at all."
            ).format(found=repr(min(maxima)[:60])),
            remedy=_("In its settings in Moodle, choose Grade, Type: Point."),
        )
