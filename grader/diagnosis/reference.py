"""The author's solution of an assignment, ready to be changed and executed in the trusted process.

Only definitions are executed: imports of the libraries of the course, functions, classes and plain constants. A cell
that trains or draws is the notebook's business and leaves no name that a hidden test calls.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, TypeGuard

from nbformat import NotebookNode

from grader.course.assignment import BEGIN_HIDDEN, END_HIDDEN

SOLUTION_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")
LIBRARIES = frozenset({"collections", "copy", "functools", "itertools", "math", "numpy", "random", "torch", "typing"})


@dataclass(frozen=True)
class ReferenceCell:
    """A code cell of the author's notebook, without marks and without hidden tests.

    Attributes:
        grade_id: its name; empty where it has none.
        text: its source.
        lines: numbers of the lines that the author wrote as the solution, from 1; none in a cell that is given.
        title: the heading above it in each language, such as `Task 2. A stage`.
    """

    grade_id: str
    text: str
    lines: frozenset[int] = frozenset()
    title: tuple[tuple[str, str], ...] = ()


Reference = tuple[ReferenceCell, ...]


def read_reference(notebook: NotebookNode) -> Reference:
    """The code cells of an author's notebook, in its order."""
    cells = []
    titles: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles |= _titles_of(cell)
        elif cell.cell_type == "code":
            cells.append(_reference_cell(cell, titles))
    return tuple(cells)


def _titles_of(cell: NotebookNode) -> dict[str, str]:
    """The last heading of a text cell by its language; a cell of no language speaks for both."""
    headings = [line.lstrip("#").strip() for line in cell.source.split("\n") if line.startswith("## ")]
    if not headings:
        return {}
    tags = cell.metadata.get("tags", [])
    languages = [tag[5:] for tag in tags if tag in ("lang-ru", "lang-en")] or ["ru", "en"]
    return dict.fromkeys(languages, headings[-1])


def _reference_cell(cell: NotebookNode, titles: Mapping[str, str]) -> ReferenceCell:
    marks = cell.metadata.get("nbgrader", {})
    is_solution = bool(marks.get("solution")) and not marks.get("grade")
    kept: list[str] = []
    inside: set[int] = set()
    is_inside = is_hidden = False
    for line in cell.source.split("\n"):
        mark = line.strip()
        if mark in SOLUTION_MARKS:
            is_inside = mark == SOLUTION_MARKS[0]
        elif mark in (BEGIN_HIDDEN, END_HIDDEN):
            is_hidden = mark == BEGIN_HIDDEN
        elif not is_hidden:
            kept.append(line)
            if is_inside:
                inside.add(len(kept))
    lines = frozenset(inside or range(1, len(kept) + 1)) if is_solution else frozenset()
    return ReferenceCell(marks.get("grade_id", ""), "\n".join(kept), lines, tuple(sorted(titles.items())))


def before_test(reference: Reference, grade_id: str) -> Reference:
    """The cells up to a test, its own visible part included."""
    for index, cell in enumerate(reference):
        if cell.grade_id == grade_id:
            return reference[: index + 1]
    return reference


def execute(cells: Iterable[ReferenceCell], changed: Mapping[str, str]) -> dict[str, Any]:
    """The names that the cells define.

    Args:
        cells: in the notebook's order.
        changed: other texts of some of them, by `grade_id`.

    Raises:
        Exception: whatever a changed definition raises.
    """
    names: dict[str, Any] = {"__name__": "reference", "__builtins__": _BUILTINS}
    for cell in cells:
        exec(_definitions(changed.get(cell.grade_id, cell.text)), names)  # noqa: S102  the author's text, not a student's
    return names


def _import(name: str, *args: Any, **kwargs: Any) -> Any:
    """The libraries of the course alone: a changed argument must not reach files or processes.

    Raises:
        ImportError: another library.
    """
    if name.split(".", maxsplit=1)[0] not in LIBRARIES:
        raise ImportError(f"{name} is not imported while failures are explained")
    return builtins.__import__(name, *args, **kwargs)


_WITHHELD = frozenset({"breakpoint", "compile", "eval", "exec", "exit", "input", "open", "quit"})
_BUILTINS = {name: value for name, value in vars(builtins).items() if name not in _WITHHELD} | {"__import__": _import}


@lru_cache(maxsize=4096)
def _definitions(text: str) -> CodeType:
    """The definitions of a cell, compiled; of a cell with a magic nothing."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        tree = ast.Module([], [])
    tree.body = [node for node in tree.body if _is_definition(node)]
    return compile(tree, "<reference>", "exec")


def _is_definition(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return True
        case ast.Import():
            return all(alias.name.split(".")[0] in LIBRARIES for alias in node.names)
        case ast.ImportFrom():
            return (node.module or "").split(".")[0] in LIBRARIES
        case ast.Assign():
            return not any(isinstance(part, ast.Call | ast.Name | ast.Attribute) for part in ast.walk(node.value))
    return False


def needed_cells(cells: Reference, roots: Iterable[str]) -> list[ReferenceCell]:
    """The solution cells that these names are made of: those that define them first, then what those call in turn."""
    defined = {name: cell for cell in cells for name in defined_by(cell.text)}
    found: dict[str, ReferenceCell] = {}
    seen: set[str] = set()
    layer = list(dict.fromkeys(roots))
    while layer:
        seen.update(layer)
        owners = [defined[name] for name in layer if name in defined]
        for owner in owners:
            if owner.lines:
                found.setdefault(owner.grade_id, owner)
        read = (name for owner, root in zip(owners, layer, strict=False) for name in _read_by(owner.text, root))
        layer = [name for name in dict.fromkeys(read) if name not in seen and name in defined]
    return list(found.values())


@lru_cache(maxsize=1024)
def defined_by(text: str) -> tuple[str, ...]:
    """Names of the functions and classes of a cell, other names for them (`make_features = Features`) among them."""
    return tuple(name for node in _definition_nodes(text) for name in _names_of(node))


@lru_cache(maxsize=1024)
def _read_by(text: str, _root: str) -> tuple[str, ...]:
    return tuple(
        node.id
        for definition in _definition_nodes(text)
        for node in ast.walk(definition)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _definition_nodes(text: str) -> Iterator[ast.FunctionDef | ast.ClassDef | ast.Assign]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    yield from (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) or _is_other_name(node))


def _is_other_name(node: ast.stmt) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Lambda)


def _names_of(node: ast.FunctionDef | ast.ClassDef | ast.Assign) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.name]
