"""Mutants of the reference solution: copies with one small change each, which the tests have to notice.

The libraries for this (mutmut 3, cosmic-ray) change the modules of a package and run a command such as pytest on each
change. Here the program is a notebook, the part to change is a few lines between `### BEGIN SOLUTION` and `### END
SOLUTION`, and the tests run outside of it, in `grader.grading.run_notebook`. What would be left of such a library is
its list of changes, and ours has those of the field besides. The work is a walk over `ast`, in three small files.

Where a change touches one line, every other character of the cell stays as it was, comments included.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nbformat import NotebookNode

from grader.diagnosis.edits import edits_of
from grader.diagnosis.reference import ReferenceCell, read_reference
from grader.diagnosis.text import Source

Item = TypeVar("Item")


@dataclass(frozen=True)
class Mutant:
    """One changed copy of a solution cell.

    Attributes:
        cell: the cell's `grade_id`.
        kind: the sort of change.
        line: where, from 1.
        original: the cell's text.
        source: its changed text.
    """

    cell: str
    kind: str
    line: int
    original: str
    source: str

    @property
    def diff(self) -> str:
        """A unified diff, headed by the cell's name, with a line of context on either side."""
        lines = difflib.unified_diff(self.original.split("\n"), self.source.split("\n"), n=1, lineterm="")
        return "\n".join([f"@@ {self.cell} @@", *(line for line in lines if not line.startswith(("---", "+++", "@@")))])

    @property
    def change(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lines that go and those that come, without indentation: what an author's mark names."""
        lines = self.diff.split("\n")[1:]
        gone = tuple(line[1:].strip() for line in lines if line.startswith("-"))
        come = tuple(line[1:].strip() for line in lines if line.startswith("+"))
        return gone, come


def solution_cells(notebook: NotebookNode) -> list[ReferenceCell]:
    """The code cells that students write and tests judge."""
    return [cell for cell in read_reference(notebook) if cell.lines]


def mutants(cells: Sequence[ReferenceCell]) -> list[Mutant]:
    """All mutants, in the order of the notebook; of those with the same tree the first counts."""
    return [mutant for cell in cells for mutant in mutants_of_cell(cell)]


def mutants_of_cell(cell: ReferenceCell) -> Iterator[Mutant]:
    """The mutants of one cell."""
    try:
        source = Source(cell.text)
    except SyntaxError:
        return  # cell magics
    seen = {ast.dump(source.tree)}
    for edit in sorted(edits_of(source), key=lambda edit: (edit.span, edit.text)):
        if source.line_of(edit.span) not in cell.lines:
            continue
        changed = source.replaced(edit.span, edit.text)
        tree = _dump(changed)
        if tree and tree not in seen:
            seen.add(tree)
            yield Mutant(cell.grade_id, edit.kind, source.line_of(edit.span), cell.text, changed)


def _dump(text: str) -> str:
    """The tree as text; empty where there is none."""
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return ""


def sampled(all_mutants: Sequence[Item], limit: int) -> list[Item]:
    """At most `limit` of them, spread evenly over the notebook; 0 takes all. The same ones every time."""
    if not limit or limit >= len(all_mutants):
        return list(all_mutants)
    return [all_mutants[index * len(all_mutants) // limit] for index in range(limit)]
