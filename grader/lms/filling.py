"""Fill one column of points in a table of another system's: what Moodle's worksheet and Canvas's gradebook share."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from grader.errors import InvalidConfig
from grader.language import _
from grader.lms.comments import number
from grader.lms.matching import Listed, Matching, matching
from grader.lms.notes import Note, NoteKind, Notes
from grader.lms.results import ClassResults, Result
from grader.lms.table_in_place import TableInPlace

SAME = 0.005
"""Grades that differ by less are the same: other systems show two decimals."""
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")


@dataclass(frozen=True)
class Filled:
    """A file that was filled in.

    Attributes:
        data: its bytes.
        count: how many grades are new in it.
        notes: what to say before it is uploaded.
    """

    data: bytes
    count: int
    notes: tuple[Note, ...]

    @property
    def has_problem(self) -> bool:
        """Whether points are missing in it that should be there."""
        return any(note.kind.is_problem for note in self.notes)


@dataclass(frozen=True)
class Line:
    """One line of the other system's list, as far as points go.

    Attributes:
        listed: who it is about.
        grade: what is there now; None where nothing is.
        maximum: the most that the other system takes; None where the table does not say.
        is_locked: whether the grade may not be changed.
        is_someone_elses: whether a person has given the grade that is there, so that it is not to be replaced.
    """

    listed: Listed
    grade: float | None
    maximum: float | None
    is_locked: bool = False
    is_someone_elses: bool = False


@dataclass(frozen=True)
class Decided:
    """What is to be written for one line.

    Attributes:
        result: of the student whose line it is.
        grade: the new grade; None where the one that is there stays.
    """

    result: Result
    grade: float | None


def decide(
    lines: Sequence[Line], known: ClassResults, number_titles: Collection[str], notes: Notes, *, scale: bool
) -> dict[int, Decided]:
    """Decide for each line what to write, and note what there is to say.

    Args:
        lines: of the other system.
        known: the class.
        number_titles: titles of the roster's columns that hold the system's numbers.
        notes: gets what there is to say.
        scale: whether points are converted where the maximum differs.

    Returns:
        By the line's place; without the lines that stay as they are.

    Raises:
        InvalidConfig: the maximum differs, and `scale` was not asked for.
    """
    found = matching([line.listed for line in lines], known.people, number_titles, known.also_called)
    _note_unmatched(lines, known, found, notes)
    decided = {}
    for at, student in sorted(found.student_of.items()):
        result = known.results.get(student)
        if result is None:
            notes.add(NoteKind.EMPTY, lines[at].listed.shown)
            continue
        kind = _obstacle(lines[at], grade := _points(result, lines[at], scale=scale))
        if kind is not None:
            notes.add(kind, _with_grade(lines[at], grade))
            continue
        if result.waits_for_teacher:
            notes.add(NoteKind.WAITS, lines[at].listed.shown)
        if is_same(lines[at].grade, grade):
            notes.add(NoteKind.UNCHANGED, lines[at].listed.shown)
            decided[at] = Decided(result, None)
            continue
        if lines[at].grade is not None:
            notes.add(NoteKind.REPLACES, _with_grade(lines[at], grade))
        decided[at] = Decided(result, grade)
    return decided


def is_same(there: float | None, here: float) -> bool:
    """Whether a grade is there already."""
    return there is not None and abs(there - here) < SAME


def read_number(text: str) -> float | None:
    """A number with a point or a comma; None where the text is none."""
    compact = re.sub(r"\s", "", text)
    return float(compact.replace(",", ".")) if _NUMBER.fullmatch(compact) else None


def writes_commas(table: TableInPlace, columns: Collection[int | None]) -> bool:
    """Whether the numbers of these columns have decimal commas."""
    values = [table.value(row, column) for row in range(len(table.rows)) for column in columns]
    return any(re.fullmatch(r"-?\d+,\d+", value) for value in values)


def written(grade: float, *, comma: bool) -> str:
    """A grade as the other system writes numbers."""
    return number(grade).replace(".", "," if comma else ".")


def _note_unmatched(lines: Sequence[Line], known: ClassResults, found: Matching, notes: Notes) -> None:
    for at in found.doubtful:
        notes.add(NoteKind.DOUBTFUL, lines[at].listed.shown)
    for at in (at for at in found.strangers if lines[at].listed.shown):
        notes.add(NoteKind.STRANGER, lines[at].listed.shown)
    for student in sorted(set(known.results) - set(found.student_of.values())):
        notes.add(NoteKind.NO_ROW, known.name_of(student))


def _points(result: Result, line: Line, *, scale: bool) -> float:
    ours = result.line.max_points
    if line.maximum is None or abs(line.maximum - ours) < SAME:
        return round(result.line.points, 2)
    if not scale:
        raise InvalidConfig(
            _("The maximum there is {there} points, {slug} has {here}.").format(
                there=number(line.maximum), here=number(ours), slug=result.line.assignment
            ),
            remedy=_("Put the maximum there right, or convert the points with --scale."),
        )
    return round(result.line.points * line.maximum / ours, 2) if ours else 0.0


def _obstacle(line: Line, grade: float) -> NoteKind | None:
    """Why the other system would not take this grade."""
    if line.is_locked:
        return None if is_same(line.grade, grade) else NoteKind.LOCKED
    if line.is_someone_elses and not is_same(line.grade, grade):
        return NoteKind.SOMEONE_ELSES
    if grade < 0:
        return NoteKind.NEGATIVE
    return NoteKind.ABOVE if line.maximum is not None and grade > line.maximum + SAME else None


def _with_grade(line: Line, grade: float) -> str:
    before = "" if line.grade is None else f"{number(line.grade)} -> "
    return f"{line.listed.shown} ({before}{number(grade)})"
