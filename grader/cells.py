"""Cells and outputs of a notebook, version 4.5 of the format.

nbformat's own makers compare each one with the schema, 0.5 ms every time; a notebook is compared as a whole when it is
written.
"""

from __future__ import annotations

import secrets
from typing import Any

from nbformat import NotebookNode


def code_cell(source: str) -> NotebookNode:
    """A code cell that has not run."""
    return NotebookNode(_cell("code", source), execution_count=None, outputs=[])


def markdown_cell(source: str) -> NotebookNode:
    """A text cell."""
    return NotebookNode(_cell("markdown", source))


def _cell(kind: str, source: str) -> dict[str, Any]:
    return {"id": secrets.token_hex(4), "cell_type": kind, "metadata": NotebookNode(), "source": source}


def stream(name: str, text: str) -> NotebookNode:
    """What was printed; `name` is stdout or stderr."""
    return NotebookNode(output_type="stream", name=name, text=text)


def error(name: str, text: str, traceback: list[str]) -> NotebookNode:
    """An exception that ended a cell."""
    return NotebookNode(output_type="error", ename=name, evalue=text, traceback=traceback)


def display(data: dict[str, str], *, is_result: bool) -> NotebookNode:
    """Text and pictures by MIME type; `is_result` for the value of the cell's last line."""
    made = NotebookNode(output_type="execute_result" if is_result else "display_data")
    made.update(data=NotebookNode(data), metadata=NotebookNode())
    if is_result:
        made.execution_count = None
    return made
