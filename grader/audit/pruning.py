"""Leave out what a mutant need not run: plots and demonstrations between the tasks.

A cell that nbgrader does not know earns no points. One that defines nothing which a later kept cell reads is left out;
the reference solution is graded that way first, and if it loses a point, everything is run after all.
"""

from __future__ import annotations

import ast

from nbformat import NotebookNode

from grader.audit.scope import STAR, names_of

ALWAYS_BINDS = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def pruned(released: NotebookNode, source: NotebookNode) -> NotebookNode:
    """The released notebook without text and without cells that no graded cell depends on.

    Args:
        released: what students get; it is not changed.
        source: the author's notebook: its solutions and hidden tests tell which names are read.
    """
    known = {name: cell.source for cell in source.cells if (name := _grade_id(cell))}
    needed: set[str] = set()
    kept = []
    for cell in reversed(released.cells):
        text = known.get(_grade_id(cell), cell.source)
        if _grade_id(cell) or (cell.cell_type == "code" and _is_needed(text, needed)):
            kept.append(cell)
            needed = _needed_before(text, needed)
    made: NotebookNode = NotebookNode(released)
    made.cells = kept[::-1]
    return made


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or "")


def _is_needed(source: str, needed: set[str]) -> bool:
    names = names_of(source)
    return names is None or bool(names.bound & {*needed, STAR})


def _needed_before(source: str, needed: set[str]) -> set[str]:
    """Names that have to be there before a cell runs: what it reads, and what is needed later and not defined by it."""
    if names_of(source) is None:
        return needed
    needed = set(needed)
    for statement in reversed(ast.parse(source).body):
        names = names_of(ast.unparse(statement))
        if names is not None:
            needed -= names.bound if isinstance(statement, ALWAYS_BINDS) else set()
            needed |= names.read
    return needed
