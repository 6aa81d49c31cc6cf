"""Seal a submitted notebook: put the author's cells back and take every hidden test out before anything runs.

The same as nbgrader's sanitising steps (ClearOutput, DeduplicateIds, OverwriteCells), in one pass over plain data, and
then: hidden tests become a placeholder, tags are dropped (`skip-execution` on a test would be full marks), test cells
that the student deleted come back and are examined like the others, so that no old score survives.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from grader.course.assignment import Assignment, Cell, split_hidden
from grader.language import _
from grader.notebook import (
    TRAINING_TAG,
    cell_id_of,
    code_cell,
    grade_id_of,
    is_illustration,
    is_training,
    mark_illustration,
    markdown_cell,
    named_by_ids,
    require_cells,
)

PLACEHOLDER = "# Скрытые проверки выполняются вне этой тетради. Hidden tests run outside this notebook."
LANGUAGE_TAGS = ("lang-ru", "lang-en")


@dataclass(frozen=True)
class Sealed:
    """A notebook that may run: no hidden test in it.

    Attributes:
        notebook: the sealed notebook, without outputs.
        notes: what was put right, for the teacher.
    """

    notebook: NotebookNode
    notes: tuple[str, ...]


def seal(notebook: NotebookNode, assignment: Assignment, training: Collection[str] = ()) -> Sealed:
    """Seal a notebook that `read_notebook` has read.

    Args:
        notebook: what was handed in; it stays as it is.
        assignment: what it answers.
        training: ids of the author's cells that train; they keep that tag where an editor has dropped it.

    Raises:
        InvalidSubmission: it is the notebook of another assignment.
    """
    notes: list[str] = []
    require_cells(notebook, assignment.slug, {cell.grade_id for cell in assignment.cells})
    named = named_by_ids(notebook.cells, [cell.grade_id for cell in assignment.cells])
    if any(cell is not before for cell, before in zip(named, notebook.cells, strict=True)):
        notes.append(_("The marks of nbgrader were missing in the file; the cells were found by their ids."))
    plain = [_plain_cell(_with_plain_line_ends(cell), assignment, notes) for cell in named]
    for cell, before in zip(plain, notebook.cells, strict=True):
        _keep_training_tag(cell, before, training)
    cells = _without_duplicates(plain, notes)
    _restore_missing(cells, assignment, notes)
    made = nbformat.v4.new_notebook(cells=cells)
    kernelspec = json.loads(assignment.kernelspec)
    if kernelspec:
        made.metadata["kernelspec"] = kernelspec
    made.metadata["language_info"] = {"name": "python"}
    return Sealed(made, tuple(notes))


def blank_notebook(assignment: Assignment) -> NotebookNode:
    """The assignment's own cells, one for each, without hidden tests and with nothing solved."""
    made: NotebookNode = nbformat.v4.new_notebook(
        cells=[_cell(known, _sealed_source(known)) for known in assignment.cells]
    )
    return made


def _with_plain_line_ends(cell: NotebookNode) -> NotebookNode:
    """The cell with line ends as the author's have them: editors of Windows write others, and nothing was changed."""
    if "\r" not in cell.source:
        return cell
    return NotebookNode({**cell, "source": cell.source.replace("\r\n", "\n").replace("\r", "\n")})


def _plain_cell(cell: NotebookNode, assignment: Assignment, notes: list[str]) -> NotebookNode:
    """A fresh cell with the author's metadata and, where it is locked, the author's text."""
    known = assignment.find(grade_id_of(cell))
    if known is None:
        return _foreign_cell(cell)
    if known.is_locked and cell.source not in (_released_source(known), known.source):
        notes.append(
            _("{cell}: the locked cell had been changed; the author's text was put back").format(cell=known.grade_id)
        )
    return _cell(known, _sealed_source(known) if known.is_locked else _writable(cell.source))


def _keep_training_tag(cell: NotebookNode, before: NotebookNode, training: Collection[str]) -> None:
    """Carry the one tag over that says something: whoever gives it loses what the cell does, so no test can have it."""
    marks = cell.metadata.get("nbgrader", {})
    is_other = {str(before.get("id", "")), str(grade_id_of(cell))}.isdisjoint(training)
    if cell.cell_type == "code" and not marks.get("grade") and (is_training(before) or not is_other):
        cell.metadata["tags"] = [TRAINING_TAG]


def _writable(text: str) -> str:
    """Text that can be written: JSON lets half a character (a surrogate) through, files do not."""
    return text.encode("utf-8", "replace").decode()


def _foreign_cell(cell: NotebookNode) -> NotebookNode:
    """A cell that nbgrader does not know, the student's or the author's: text, and what says its kind."""
    if cell.cell_type == "code":
        made = _new_cell("code", _writable(cell.source))
        if is_illustration(cell):
            mark_illustration(made)
        return made
    made = _new_cell("markdown", _writable(cell.source))
    tags = cell.get("metadata", {}).get("tags")
    kept = [tag for tag in LANGUAGE_TAGS if isinstance(tags, list) and tag in tags]
    if kept:
        made.metadata["tags"] = kept
    return made


def _released_source(known: Cell) -> str:
    return split_hidden(known.source)[0] if known.cell_type == "code" else known.source


def _sealed_source(known: Cell) -> str:
    """The author's text without hidden regions."""
    if known.cell_type != "code":
        return known.source
    visible, hidden = split_hidden(known.source)
    return f"{visible}\n{PLACEHOLDER}".lstrip("\n") if hidden else visible


def _cell(known: Cell, source: str) -> NotebookNode:
    made = _new_cell(known.cell_type, source)
    made["id"] = cell_id_of(known.grade_id)
    made.metadata["nbgrader"] = {
        "grade_id": known.grade_id,
        "grade": known.is_grade,
        "solution": known.is_solution,
        "task": known.is_task,
        "locked": known.is_locked,
        "checksum": known.checksum,
        "cell_type": known.cell_type,
        "schema_version": 3,
    }
    if known.is_grade or known.is_task:
        made.metadata["nbgrader"]["points"] = known.points
    return made


def _new_cell(cell_type: str, source: str) -> NotebookNode:
    return code_cell(source) if cell_type == "code" else markdown_cell(source)


def _without_duplicates(cells: list[NotebookNode], notes: list[str]) -> list[NotebookNode]:
    """Of cells with one name the last counts, as in nbgrader; the others stay as plain cells.

    A copy of a test is dropped: the author's text needs to run once.
    """
    seen: set[str] = set()
    kept: list[NotebookNode] = []
    for cell in reversed(cells):
        name = grade_id_of(cell)
        if name in seen:
            notes.append(_("{cell}: the cell was there more than once; the last one counts").format(cell=name))
            if not cell.metadata["nbgrader"]["solution"]:
                continue
            cell = _foreign_cell(cell)  # noqa: PLW2901
        elif name is not None:
            seen.add(name)
        kept.append(cell)
    return kept[::-1]


def _restore_missing(cells: list[NotebookNode], assignment: Assignment, notes: list[str]) -> None:
    """Put missing cells back before the next known cell, or at the end: after whatever the student wrote."""
    anchor: str | None = None
    for known in reversed(assignment.cells):
        names = [grade_id_of(cell) for cell in cells]
        if known.grade_id not in names:
            notes.append(_("{cell}: the cell was missing; it was put back").format(cell=known.grade_id))
            # A missing solution has nothing in it: its tests will say what is not defined.
            source = known.source if known.is_solution and known.is_grade else _sealed_source(known)
            if known.is_solution and not known.is_grade:
                source = ""
            is_there = anchor is not None and anchor in names
            cells.insert(names.index(anchor) if is_there else len(cells), _cell(known, source))
        anchor = known.grade_id
