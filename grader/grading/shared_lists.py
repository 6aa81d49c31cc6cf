"""Lists that a function of the student's adds to and that are made once: a default value, or a list of the cell's."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_ADDING = frozenset({"append", "extend", "insert", "pop", "update", "add"})


def shared_lists(source: str) -> list[tuple[str, str]]:
    """Functions of a cell and the list, dict or set of each that keeps what it was given from call to call.

    Args:
        source: the cell's text.

    Returns:
        (name of the function, name of the list); none where the text is no Python.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    made_once = {name for statement in tree.body for name in _names_of_containers(statement)}
    return [found for statement in tree.body for found in _shared_by(statement, made_once)]


def _names_of_containers(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign) and _is_container(statement.value):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _shared_by(statement: ast.stmt, made_once: set[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(statement, ast.FunctionDef):
        return
    arguments = [*statement.args.posonlyargs, *statement.args.args]
    defaults = statement.args.defaults
    with_default = zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True)
    kept = {argument.arg for argument, default in with_default if _is_container(default)}
    own = {argument.arg for argument in arguments} | set(_assigned(statement))
    for name in sorted((kept - set(_assigned(statement))) | (made_once - own)):
        if any(_adds_to(part, name) for part in ast.walk(statement)):
            yield statement.name, name


def _assigned(function: ast.FunctionDef) -> Iterator[str]:
    for part in ast.walk(function):
        targets = part.targets if isinstance(part, ast.Assign) else []
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _is_container(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in {"list", "dict", "set"} and not value.args
    return isinstance(value, ast.List | ast.Dict) and not ast.unparse(value).strip("[]{}")


def _adds_to(part: ast.AST, name: str) -> bool:
    if isinstance(part, ast.AugAssign):
        return isinstance(part.target, ast.Name) and part.target.id == name
    if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Attribute):
        return False
    return part.func.attr in _ADDING and isinstance(part.func.value, ast.Name) and part.func.value.id == name
