"""Leave out what a mutant need not run: earlier tasks, plots and demonstrations.

A change of one solution cell cannot touch what stands before it. So of the cells there, and of those behind it that
earn no points, only those stay that define something which a later kept cell reads. The reference solution is graded
that way first; if it loses a point, mutants run everything after all.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from nbformat import NotebookNode

from grader.audit.preparing import Prepared
from grader.audit.scope import STAR, Names, names_of
from grader.course.assignment import split_hidden
from grader.notebook import is_illustration

ALWAYS_BINDS = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def from_cell_on(prepared: Prepared, source: NotebookNode, start: str) -> Prepared:
    """The assignment from one cell on, with what that needs of the cells before it.

    Args:
        prepared: the whole assignment.
        source: the author's notebook: its solutions and hidden tests tell which names are read.
        start: a cell's `grade_id`.
    """
    author = {name: cell.source for cell in source.cells if (name := _grade_id(cell))}
    cells = prepared.released.cells
    first = [_grade_id(cell) for cell in cells].index(start)
    needed: set[str] = set()
    kept, graded = [], set()
    for index, cell in reversed(list(enumerate(cells))):
        is_graded = index >= first and bool(_grade_id(cell))
        text = author.get(_grade_id(cell), cell.source)
        if index < first and prepared.is_test(_grade_id(cell)):
            text = split_hidden(text)[0]  # it is not examined here
        is_run = cell.cell_type == "code" and not is_illustration(cell)
        if is_graded or (is_run and _is_needed(text, needed)):
            kept.append(cell)
            needed = _needed_before(text, needed)
            graded |= {_grade_id(cell)} if is_graded else set()
    made: NotebookNode = NotebookNode(prepared.released)
    made.cells = kept[::-1]
    asked = tuple(cell for cell in prepared.assignment.cells if cell.grade_id in graded)
    return replace(prepared, released=made, assignment=replace(prepared.assignment, cells=asked))


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or "")


def _is_needed(source: str, needed: set[str]) -> bool:
    names = names_of(source)
    return names is None or bool(names.bound & {*needed, STAR})


def _needed_before(source: str, needed: set[str]) -> set[str]:
    """Names that have to be there before a cell runs: what it reads, and what is needed later and not defined by it."""
    if names_of(source) is None:
        return needed
    return _needed_by(ast.parse(source).body, needed)


def _needed_by(statements: Sequence[ast.stmt], needed: set[str]) -> set[str]:
    needed = set(needed)
    for statement in reversed(statements):
        bound = _names(statement).bound
        needed -= bound if isinstance(statement, ALWAYS_BINDS) else set()
        needed |= _read_by(statement)
    return needed


def _read_by(statement: ast.stmt) -> set[str]:
    """Names that a statement reads before it binds them: not its own loop variable, nor the exception it has caught."""
    if isinstance(statement, ast.For):
        inside = (
            _needed_by(statement.body, set()) - _names(ast.Assign([statement.target], statement.iter, lineno=1)).bound
        )
        return inside | set(_names(ast.Expr(statement.iter)).read) | _needed_by(statement.orelse, set())
    if isinstance(statement, ast.Try):
        blocks = [statement.body, statement.orelse, statement.finalbody]
        found = set().union(*(_needed_by(block, set()) for block in blocks))
        for handler in statement.handlers:
            kind = set() if handler.type is None else set(_names(ast.Expr(handler.type)).read)
            found |= kind | (_needed_by(handler.body, set()) - {handler.name})
        return found
    return set(_names(statement).read)


def _names(statement: ast.stmt) -> Names:
    return names_of(ast.unparse(statement)) or Names(frozenset(), frozenset())
