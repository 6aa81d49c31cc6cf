"""Add and remove cells of an assignment that students have handed in already, which nbgrader refuses.

A new cell gets its column in the gradebook, empty for whoever was graded before; all other points stay. A removed one
takes the points that were given for it along, so it goes only where that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import (
    Comment,
    Grade,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.course.release_steps import KeepLanguage
from grader.errors import InvalidAssignment
from grader.language import _

Place = tuple[type[Any], str]
_KINDS = (GradeCell, SolutionCell, TaskCell, SourceCell)


@dataclass(frozen=True)
class CellChange:
    """What became of a released notebook's cells.

    Attributes:
        added: names of new cells.
        dropped: names of cells that are gone, with the points for them.
    """

    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def update_cells(course: Course, slug: str, source: Path, *, drop: bool = False) -> CellChange:
    """Bring the gradebook's cells up to the source's, where submissions keep nbgrader from doing so.

    Args:
        course: the class.
        slug: the assignment.
        source: the author's notebook.
        drop: whether cells that are gone from the source go from the gradebook, with the points for them.

    Raises:
        InvalidAssignment: cells are gone from the source, and `drop` is not given.
    """
    with open_gradebook(course) as gradebook:
        try:
            notebook = gradebook.find_notebook(slug, slug)
        except MissingEntry:
            return CellChange()
        if not notebook.submissions:
            return CellChange()  # nbgrader does it
        wanted = dict(_wanted(source, course.config.language))
        held = {(kind, cell.name): cell for kind in _KINDS for cell in _cells(notebook, kind)}
        gone = sorted({name for _kind, name in held.keys() - wanted.keys()})
        if gone and not drop:
            raise _refusal(slug, gone, len(notebook.submissions))
        for place in held.keys() - wanted.keys():
            _remove(gradebook.db, held[place])
        for place in wanted.keys() - held.keys():
            _add(gradebook.db, notebook, place, wanted[place])
        gradebook.db.commit()
        return CellChange(tuple(sorted({name for _kind, name in wanted.keys() - held.keys()})), tuple(gone))


def _refusal(slug: str, gone: list[str], students: int) -> InvalidAssignment:
    return InvalidAssignment(
        _(
            "{slug}: cells that were released are not in the source any more: {gone}. {students} "
            "students were graded with them, and the gradebook can keep no points without a cell."
        ).format(slug=slug, gone=", ".join(gone), students=students),
        remedy=_(
            "Put them back under the same grade_id (with 0 points where they shall not count; a "
            "renamed cell is a removed one and a new one), or give up what was earned in them: "
            "`grader release {slug} --drop-cells`."
        ).format(slug=slug),
    )


def _wanted(source: Path, language: str) -> Iterator[tuple[Place, Any]]:
    """What nbgrader will record of each cell, by kind and name."""
    notebook, _resources = KeepLanguage(language=language).preprocess(nbformat.read(source, as_version=4), {})
    for cell in notebook.cells:
        kinds = {GradeCell: is_grade(cell), SolutionCell: is_solution(cell), TaskCell: is_task(cell)}
        kinds[SourceCell] = any(kinds.values()) or is_locked(cell)
        yield from (((kind, cell.metadata.nbgrader["grade_id"]), cell) for kind, is_it in kinds.items() if is_it)


def _cells(notebook: Notebook, kind: type[Any]) -> list[Any]:
    cells = notebook.source_cells if kind is SourceCell else notebook._base_cells
    return [cell for cell in cells if isinstance(cell, kind)]


def _remove(session: Any, cell: Any) -> None:
    if not isinstance(cell, SourceCell):
        for row in [*cell.grades, *cell.comments]:
            session.delete(row)
    session.delete(cell)


def _add(session: Any, notebook: Notebook, place: Place, cell: Any) -> None:
    """A cell, and an empty place for it in every submission; the release itself writes its text."""
    kind, name = place
    if kind is SourceCell:
        session.add(SourceCell(name=name, notebook=notebook, cell_type=cell.cell_type, source=cell.source))
        return
    graded = {"max_score": float(cell.metadata.nbgrader.get("points", 0)), "cell_type": cell.cell_type}
    row = kind(name=name, notebook=notebook, **({} if kind is SolutionCell else graded))
    session.add(row)
    session.flush()
    for submitted in notebook.submissions:
        session.add_all(_places(row, submitted))


def _places(row: Any, submitted: SubmittedNotebook) -> Iterator[Grade | Comment]:
    if isinstance(row, GradeCell | TaskCell):
        yield Grade(cell_id=row.id, notebook=submitted)
    if isinstance(row, SolutionCell | TaskCell):
        yield Comment(cell_id=row.id, notebook=submitted)
