"""Read a submitted notebook: is it one, and of which assignment? Nothing here needs nbgrader or torch."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import nbformat
from nbformat import NotebookNode

from grader.errors import InvalidSubmission
from grader.examiner.printable import printable
from grader.language import _

MAX_NOTEBOOK_BYTES = 32 * 1024 * 1024
MAX_BRACKETS = 400_000  # nbformat takes 0.5 KiB for each `{}`: 200 MiB for so many, 11 GiB for those in 64 MiB
MAX_CELLS = 2000


def read_notebook(data: bytes) -> NotebookNode:
    """Parse a submitted notebook.

    Raises:
        InvalidSubmission: it is too large, too finely nested, not JSON, or not a notebook.
    """
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise InvalidSubmission(
            _("The notebook has {found} MiB; at most {allowed} MiB are read.").format(
                found=len(data) >> 20, allowed=MAX_NOTEBOOK_BYTES >> 20
            ),
            remedy=_("Clear the outputs and hand it in again."),
        )
    brackets = data.count(b"{") + data.count(b"[")
    if brackets > MAX_BRACKETS:
        raise InvalidSubmission(
            _("The notebook has {found} opening brackets; at most {allowed} are read.").format(
                found=brackets, allowed=MAX_BRACKETS
            ),
            remedy=_("Clear the outputs and hand it in again."),
        )
    try:
        notebook: NotebookNode = nbformat.reads(data.decode("utf-8-sig"), as_version=4)
        cells = notebook.cells
        is_notebook = isinstance(cells, list) and all(_is_cell(cell) for cell in cells)
    except Exception as error:  # nbformat's converters raise whatever a student's JSON leads them to
        raise InvalidSubmission(
            _("The file is not a notebook that can be read ({reason}).").format(reason=type(error).__name__),
            remedy=_("Open it in Jupyter, save it and hand it in again."),
        ) from error
    if not is_notebook or len(cells) > MAX_CELLS:
        raise InvalidSubmission(
            _("The notebook has no readable cells, or more than {allowed}.").format(allowed=MAX_CELLS),
            remedy=_("Open it in Jupyter, save it and hand it in again."),
        )
    return notebook


def _is_cell(cell: NotebookNode) -> bool:
    return isinstance(cell.source, str) and cell.cell_type in ("code", "markdown", "raw")


def require_cells(notebook: NotebookNode, slug: str, wanted: Collection[str]) -> None:
    """Refuse the notebook of another assignment.

    Args:
        notebook: from `read_notebook`.
        slug: the assignment it was handed in for.
        wanted: names of the assignment's cells.

    Raises:
        InvalidSubmission: none of the assignment's cells is there.
    """
    found = {name for name in map(grade_id_of, notebook.cells) if name}
    if wanted and found.isdisjoint(wanted):
        others = printable(", ".join(sorted(found)[:5]), 300) or _("none")
        raise InvalidSubmission(
            _("This is not the notebook of {slug!r}: none of its cells is there (cells found: {others}).").format(
                slug=slug, others=others
            ),
            remedy=_("Hand in the notebook that was released as {slug}.ipynb.").format(slug=slug),
        )


def grade_id_of(cell: NotebookNode) -> str | None:
    """The name that nbgrader knows a cell by; None for a cell of the student's own."""
    marks = cell.get("metadata", {}).get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else None


def mark_illustration(cell: NotebookNode) -> None:
    """Note in a cell that its picture is the same for everybody, so that grading may leave it out; see `solutions/`.

    The note is a hash of its text: a cell in which the student has changed anything is the student's, and runs.
    """
    cell.metadata["springfield"] = {"illustration": _digest(cell.source)}


def is_illustration(cell: NotebookNode) -> bool:
    """Whether it is an author's illustration, unchanged."""
    told = cell.get("metadata", {}).get("springfield")
    return isinstance(told, dict) and told.get("illustration") == _digest(cell.source)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
