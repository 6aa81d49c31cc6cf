"""Names that hidden tests use and nobody defines: a slip of the author's that every student would pay for."""

from __future__ import annotations

import difflib

from nbformat import NotebookNode

from grader.audit.scope import STAR, names_of
from grader.course.assignment import Assignment, split_hidden
from grader.examiner.hidden_test import free_names
from grader.language import _


def unknown_names(source: NotebookNode, assignment: Assignment) -> list[str]:
    """What is wrong with the names in hidden tests, a line for each.

    Args:
        source: the author's notebook, with the reference solution.
        assignment: the same one, as it was released.
    """
    defined = defined_names(source)
    if STAR in defined:
        return []  # only the run of the reference can tell
    found = []
    for cell in assignment.cells:
        if not cell.is_test:
            continue
        visible, hidden = split_hidden(cell.source)
        try:
            wanted = free_names(hidden if hidden.strip() else visible)
        except SyntaxError as error:
            text = _("{cell}: the hidden test does not parse: {reason}.")
            found.append(text.format(cell=cell.grade_id, reason=error.msg))
            continue
        found += [_unknown(cell.grade_id, name, defined) for name in wanted if name not in defined]
    return found


def _unknown(grade_id: str, name: str, defined: set[str]) -> str:
    near = difflib.get_close_matches(name, defined, 1)
    if near:
        text = _("{cell}: the hidden test uses {name}, which no cell defines; did you mean {near}?")
        return text.format(cell=grade_id, name=name, near=near[0])
    return _("{cell}: the hidden test uses {name}, which no cell defines.").format(cell=grade_id, name=name)


def defined_names(source: NotebookNode) -> set[str]:
    """Names that a run of the author's notebook defines; `*` stands for what cannot be told."""
    defined: set[str] = set()
    for cell in source.cells:
        if cell.cell_type == "code":
            names = names_of(split_hidden(cell.source)[0])
            defined |= {STAR} if names is None else names.bound  # cell magics may define anything
    return defined
