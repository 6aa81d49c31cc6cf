"""Take an executed notebook apart: its tasks with their checks, and what in them is the student's own work.

A task is what stands below one heading of the first or second level, if anything there is worth points or is to be
answered. Theory is left out: the student has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from grader.course.assignment import split_hidden
from grader.course.titles import HEADING, MAX_HEADING, without_points
from grader.errors import InvalidAssignment
from grader.grading.seal import PLACEHOLDER

_HIDDEN = re.compile("(BEGIN|END) HIDDEN TESTS", re.IGNORECASE)  # nbgrader takes these words in any clothes


@dataclass(frozen=True)
class Section:
    """The cells below one heading.

    Attributes:
        title: the heading without its points; empty before the first one.
        cells: the cells, in order.
    """

    title: str
    cells: tuple[NotebookNode, ...]

    @property
    def is_task(self) -> bool:
        """Whether something here is worth points or is to be answered."""
        return any(is_graded(cell) or is_answer(cell) for cell in self.cells)


def title_of(notebook: NotebookNode) -> str:
    """The notebook's first heading, if it is one of the first level."""
    found = next((heading for cell in notebook.cells for heading in _headings(cell)), None)
    return found[1] if found and found[0] == 1 else ""


def sections_of(notebook: NotebookNode) -> list[Section]:
    """The notebook by headings of the first and second level, empty sections left out."""
    sections: list[tuple[str, list[NotebookNode]]] = [("", [])]
    for cell in notebook.cells:
        for level, text in _headings(cell):
            if level <= 2:
                sections.append((without_points(text), []))
        sections[-1][1].append(cell)
    return [Section(title, tuple(cells)) for title, cells in sections if cells]


def question_above(section: Section, cell: NotebookNode) -> str:
    """The lower heading that an answer in words stands below, without its points; empty where there is none."""
    found = ""
    for other in section.cells:
        if other is cell:
            break
        found = next((text for level, text in reversed(list(_headings(other))) if level > 2), found)
    return without_points(found)


def _headings(cell: NotebookNode) -> Iterator[tuple[int, str]]:
    """Level and text of the headings in an author's text cell."""
    if cell.cell_type != "markdown" or is_answer(cell):
        return
    is_code = False
    for line in cell.source.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            is_code = not is_code
        found = None if is_code else HEADING.fullmatch(line[:MAX_HEADING].rstrip())
        if found:
            yield len(found[1]), found[2].rstrip("# ")


def marks(cell: NotebookNode) -> NotebookNode:
    """What nbgrader knows of a cell."""
    found = cell.metadata.get("nbgrader")
    return NotebookNode(found) if isinstance(found, dict) and isinstance(found.get("grade_id"), str) else NotebookNode()


def is_graded(cell: NotebookNode) -> bool:
    """Whether the cell is worth points."""
    return bool(marks(cell).get("grade") or marks(cell).get("task"))


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student writes in the cell."""
    return bool(marks(cell).get("solution"))


def is_test(cell: NotebookNode) -> bool:
    """Whether points come from running the cell."""
    return cell.cell_type == "code" and bool(marks(cell).get("grade")) and not is_answer(cell)


def visible_part(source: str) -> str:
    """A test's text as the student has it, empty where that is not certain."""
    try:
        visible = split_hidden(source)[0]
    except InvalidAssignment:
        return ""
    return "" if _HIDDEN.search(visible) else visible.replace(PLACEHOLDER, "").strip("\n")


def has_hidden_part(source: str) -> bool:
    """Whether the cell still holds a hidden test: it was graded by nbgrader alone."""
    return bool(_HIDDEN.search(source))


def released_sources(path: Path) -> frozenset[str]:
    """Texts of the code cells as they were released; empty where that cannot be read."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return frozenset("".join(cell["source"]).strip() for cell in cells if cell["cell_type"] == "code")
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
