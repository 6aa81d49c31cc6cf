"""What a student's text never says, though it reads it: a name without a value, a method without `return`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from grader.diagnosis.kinds import Change, ChangeKind
from grader.diagnosis.reference import Reference, defined_by
from grader.examiner.uses import Use

NEVER_ASSIGNED = "never assigned"
_NAME = re.compile(r"NameError: name '(\w+)' is not defined")
_ATTRIBUTE = re.compile(r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
_FUNCTION = re.compile(r"In \[\d+\], line \d+, ([^\n:]+):")
_NOTHING = re.compile(r"returned None|\bNoneType\b|\bfound None\b", re.I)


def unwritten(cells: Reference, finding: str, uses: Sequence[Use]) -> Change | None:
    """A step that the text lacks for certain; None where nothing can be said.

    Args:
        cells: the student's; those without lines are the author's.
        finding: what was found to be wrong.
        uses: what the test has called.
    """
    name, attribute = _NAME.search(finding), _ATTRIBUTE.search(finding)
    if not all(part.isascii() for found in (name, attribute) if found for part in found.groups()):
        return None  # a letter of another alphabet, which is told with the error
    if name:
        functions = _FUNCTION.findall(finding)
        return _unassigned_name(cells, name[1], functions[-1] if functions else "")
    if attribute:
        return _unassigned_attribute(cells, attribute[1], attribute[2])
    if _NOTHING.search(finding):
        return _without_return(cells, [use.name for use in uses])
    return None


def _unassigned_name(cells: Reference, name: str, function: str) -> Change | None:
    if any(name in _bound_at_top(cell.text) for cell in cells):
        return None
    for cell in _students(cells):
        for scope, part in _functions(cell.text):
            reads = any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(part))
            is_unbound = reads and name not in _bound_in(part)
            if is_unbound and function in (part.name, "", "<genexpr>", "<listcomp>", "<lambda>"):
                return _step(cell.grade_id, scope, part.name, name)
    return None


def _unassigned_attribute(cells: Reference, owner: str, name: str) -> Change | None:
    for cell in _students(cells):
        for node in ast.walk(_parsed(cell.text)):
            if not isinstance(node, ast.ClassDef) or node.name != owner:
                continue
            own = [part for part in ast.walk(node) if isinstance(part, ast.Attribute) and part.attr == name]
            methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            is_stored = any(isinstance(part.ctx, ast.Store) for part in own) or name in methods
            if own and not is_stored:
                return _step(cell.grade_id, owner, "__init__" if "__init__" in methods else owner, f"self.{name}")
    return None


def _without_return(cells: Reference, names: Sequence[str]) -> Change | None:
    for cell in reversed(_students(cells)):
        if not set(names) & set(defined_by(cell.text)):
            continue
        for scope, part in _functions(cell.text):
            is_asked = part.name == "forward" or (part.name == scope and part.name in names)
            returns = any(isinstance(node, ast.Return | ast.Yield | ast.Raise) for node in ast.walk(part))
            if is_asked and not returns:
                return Change(ChangeKind.STEP_MISSING, cell.grade_id, scope, part.name, name="return")
    return None


def _students(cells: Reference) -> Reference:
    return tuple(cell for cell in cells if cell.lines)


def _step(cell: str, scope: str, function: str, name: str) -> Change:
    return Change(ChangeKind.STEP_MISSING, cell, scope, function, name=name, found=NEVER_ASSIGNED)


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module([], [])


def _functions(text: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions with the class or the function that they lie in."""
    for node in _parsed(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield from ((node.name, part) for part in ast.walk(node) if isinstance(part, ast.FunctionDef))


def _bound_at_top(text: str) -> set[str]:
    """Names that get a value outside of functions and classes, or as one of these."""
    bound: set[str] = set()
    for node in _parsed(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        else:
            bound |= _bound_in(node)
    return bound


def _bound_in(tree: ast.AST) -> set[str]:
    """Names that get a value somewhere in a piece of code."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
    return bound
