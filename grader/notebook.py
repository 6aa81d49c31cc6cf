"""Notebooks (format 4.5): read a submitted one, make cells and outputs. Needs neither nbgrader nor torch."""

from __future__ import annotations

import hashlib
import re
import secrets
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import nbformat
import nbformat.reader
from nbformat import NotebookNode

from grader.errors import InvalidSubmission
from grader.language import _
from grader.printable import printable

MAX_NOTEBOOK_BYTES = 32 * 1024 * 1024
MAX_BRACKETS = 400_000  # nbformat takes 0.5 KiB for each `{}`: 200 MiB for so many, 11 GiB for those in 64 MiB
MAX_CELLS = 2000
TRAINING_TAG = "training"
_BLANK = b"\xef\xbb\xbf \t\r\n"  # a byte order mark is one of these
_CONFLICT = re.compile(rb"^<{7}( |\r?$)", re.MULTILINE)  # in JSON a line of a cell begins with a quotation mark
_PYTHON = re.compile(rb"^(#|import |from \w+ import |def |class |\"\"\"|@)", re.MULTILINE)
_KINDS: tuple[tuple[bytes | tuple[bytes, ...], Callable[[], str]], ...] = (
    ((b"<!doctype", b"<html", b"<?xml", b"<head"), lambda: _("The file is a web page (HTML), not a notebook.")),
    ((b"pk\x03\x04", b"rar!", b"7z\xbc\xaf", b"\x1f\x8b"), lambda: _("The file is an archive, not a notebook.")),
    (b"%pdf", lambda: _("The file is a PDF, not a notebook.")),
    ((b"\x89png", b"\xff\xd8\xff"), lambda: _("The file is a picture, not a notebook.")),
)


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
    wrong = what_it_is(data)
    if wrong:
        raise InvalidSubmission(
            wrong, remedy=_("Take the notebook itself (.ipynb) from Jupyter or Colab and hand it in.")
        )
    try:
        # Without nbformat's validation: what it finds it writes on the terminal of whoever grades.
        notebook: NotebookNode = nbformat.convert(nbformat.reader.reads(data.decode("utf-8-sig")), 4)
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


def what_it_is(data: bytes) -> str:
    """In a sentence, what a file is that cannot be a notebook; empty where it may be one."""
    start = data[:4096].lstrip(_BLANK)
    if not data.strip(_BLANK + b"\0"):
        return _("The file is empty.")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or {*data[:2]} == {0, ord("{")}:
        return _("The file is saved as UTF-16; a notebook is UTF-8.")
    if _CONFLICT.search(data) is not None:
        return _("The file holds the marks of a merge conflict of git (<<<<<<<): both versions stand in it.")
    if start.startswith(b"{"):
        return ""
    kinds = (kind() for begins, kind in _KINDS if start[:16].lower().startswith(begins))
    is_python = _PYTHON.search(start) is not None
    return next(kinds, _("The file is a Python program (.py), not a notebook.") if is_python else "")


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
    found = {name for name in map(grade_id_of, named_by_ids(notebook.cells, wanted)) if name}
    if wanted and found.isdisjoint(wanted):
        others = printable(", ".join(sorted(found)[:5]), 300) or _("none")
        raise InvalidSubmission(
            _("This is not the notebook of {slug!r}: none of its cells is there (cells found: {others}).").format(
                slug=slug, others=others
            ),
            remedy=_("Hand in the notebook that was released as {slug}.ipynb.").format(slug=slug),
        )


def cell_id_of(grade_id: str) -> str:
    """The id of a cell of this name, as notebook format 4.5 allows it: 1 to 64 of letters, digits, - and _."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in grade_id)[:64] or "cell"


def named_by_ids(cells: Sequence[NotebookNode], wanted: Iterable[str]) -> list[NotebookNode]:
    """The cells, of which those without a name have one where their id tells it: some editors drop nbgrader's marks.

    Args:
        cells: of a submitted notebook; they stay as they are.
        wanted: names of the assignment's cells. One that a cell bears already is no other's.
    """
    there = {grade_id_of(cell) for cell in cells}
    names = {cell_id_of(name): name for name in wanted if name not in there}
    made = []
    for cell in cells:
        name = None if grade_id_of(cell) else names.pop(str(cell.get("id", "")), None)
        made.append(cell if name is None else NotebookNode({**cell, "metadata": {"nbgrader": {"grade_id": name}}}))
    return made


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


def is_training(cell: NotebookNode) -> bool:
    """Whether a cell bears the tag of those that train, which grading leaves out where weights are handed in."""
    tags = cell.get("metadata", {}).get("tags")
    return isinstance(tags, list) and TRAINING_TAG in tags


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# nbformat's own makers compare each cell with the schema, 0.5 ms every time; a notebook is compared as a whole when it
# is written.
def code_cell(source: str) -> NotebookNode:
    """A code cell that has not run."""
    return NotebookNode(_new_cell("code", source), execution_count=None, outputs=[])


def markdown_cell(source: str) -> NotebookNode:
    """A text cell."""
    return NotebookNode(_new_cell("markdown", source))


def _new_cell(kind: str, source: str) -> dict[str, Any]:
    return {"id": secrets.token_hex(4), "cell_type": kind, "metadata": NotebookNode(), "source": source}


def stream_output(name: str, text: str) -> NotebookNode:
    """What was printed; `name` is stdout or stderr."""
    return NotebookNode(output_type="stream", name=name, text=text)


def error_output(name: str, text: str, traceback: list[str]) -> NotebookNode:
    """An exception that ended a cell."""
    return NotebookNode(output_type="error", ename=name, evalue=text, traceback=traceback)


def display_output(data: dict[str, str], *, is_result: bool) -> NotebookNode:
    """Text and pictures by MIME type; `is_result` for the value of the cell's last line."""
    made = NotebookNode(output_type="execute_result" if is_result else "display_data")
    made.update(data=NotebookNode(data), metadata=NotebookNode())
    if is_result:
        made.execution_count = None
    return made
