"""Answers to our own assignments: right and wrong ones, kept as patches of named cells (see solutions/README.md)."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.diagnosis.reference import SOLUTION_MARKS
from grader.errors import InvalidAssignment

CELL = re.compile(r"^# %% *(\S+) *$", re.MULTILINE)
FIELD = re.compile(r"^# (loses|message): *(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """A patch of named cells.

    Attributes:
        name: the file's name without its ending.
        cells: source by `grade_id`.
        doc: what is special about it, in one sentence.
        loses: the graded cells that a wrong answer gets no points for.
        message: words that a wrong answer reads in at least one of them.
    """

    name: str
    cells: dict[str, str]
    doc: str = ""
    loses: frozenset[str] = frozenset()
    message: str = ""

    def applied_to(self, notebook: NotebookNode) -> NotebookNode:
        """A copy of the notebook with the named cells replaced.

        Raises:
            InvalidAssignment: the notebook has no cell of one of the names.
        """
        made: NotebookNode = nbformat.from_dict(notebook)
        by_name = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in made.cells}
        for name, source in self.cells.items():
            if name not in by_name:
                raise InvalidAssignment(
                    f"{self.name}: the notebook has no cell {name!r}.", remedy="Name an existing cell."
                )
            by_name[name]["source"] = source
        return made


def read_answer(path: Path) -> Answer:
    """Read a patch: cells begin with `# %% grade_id`; what stands before the first one is the header.

    Raises:
        InvalidAssignment: the file has no cells, or the same one twice.
    """
    header, *parts = CELL.split(path.read_text(encoding="utf-8"))
    names = parts[::2]
    if not names:
        raise InvalidAssignment(f"{path} has no cell; expected lines such as `# %% task1_basic_block`.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidAssignment(f"{path} has more than one cell {', '.join(twice)}.", remedy="Join them.")
    fields = dict(FIELD.findall(header))
    return Answer(
        name=path.stem,
        cells={name: source.strip("\n") for name, source in zip(names, parts[1::2], strict=True)},
        doc=_docstring(header),
        loses=frozenset(re.findall(r"[^\s,]+", fields.get("loses", ""))),
        message=fields.get("message", ""),
    )


def _docstring(header: str) -> str:
    try:
        return ast.get_docstring(ast.parse(header)) or ""
    except SyntaxError:
        return ""


def reference_answer(source: NotebookNode) -> Answer:
    """The author's own solutions from the source notebook, without the marks that nbgrader cuts at."""
    cells = {}
    for cell in source.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution"):
            lines = [line for line in cell.source.split("\n") if line.strip() not in SOLUTION_MARKS]
            cells[marks["grade_id"]] = "\n".join(lines)
    return Answer("reference", cells)
