"""What nbgrader's gradebook says of every graded or answered cell: one query for a whole class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Select, select

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CellState:
    """What the gradebook says of one cell of one student.

    Attributes:
        points: given by hand; None where nobody has.
        auto_points: given by the tests; None where there are none.
        needs_person: whether nbgrader asks for a teacher.
        comment: a teacher's.
        is_graded: whether the cell has points at all.
    """

    points: float | None = None
    auto_points: float | None = None
    needs_person: bool = False
    comment: str = ""
    is_graded: bool = False


def read_states(
    gradebook: Gradebook, place: Place | None = None, *, slug: str = ""
) -> dict[Place, Mapping[str, CellState]]:
    """The cells by (student, assignment) and name.

    Args:
        gradebook: open.
        place: of one student's assignment alone.
        slug: of one assignment alone.
    """
    found: dict[Place, dict[str, CellState]] = {}
    whose = (SubmittedAssignment.student_id, Assignment.name, BaseCell.name)
    grades = select(*whose, Grade.manual_score, Grade.auto_score, Grade.needs_manual_grade, Grade.extra_credit)
    for student, name, cell, points, auto, needs, extra in gradebook.db.execute(_of(grades, Grade, place, slug)):
        by_hand = None if points is None else float(points) + float(extra or 0.0)
        state = CellState(by_hand, None if auto is None else float(auto), bool(needs), is_graded=True)
        found.setdefault((student, name), {})[cell] = state
    comments = select(*whose, Comment.manual_comment)
    for student, name, cell, text in gradebook.db.execute(_of(comments, Comment, place, slug)):
        cells = found.setdefault((student, name), {})
        cells[cell] = replace(cells.get(cell, CellState()), comment=text or "")
    return dict(found)


def _of(query: Select, kind: type[Grade] | type[Comment], place: Place | None, slug: str) -> Select:  # type: ignore[type-arg]
    query = (
        query.select_from(kind)
        .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(BaseCell, BaseCell.id == kind.cell_id)
    )
    if place is not None:
        query = query.where(SubmittedAssignment.student_id == place[0], Assignment.name == place[1])
    return query.where(Assignment.name == slug) if slug else query
