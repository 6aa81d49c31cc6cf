"""Changed copies of a reference solution, the likeliest mistakes first."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from grader.diagnosis.change import ChangeReader
from grader.diagnosis.edits import Edit
from grader.diagnosis.kinds import Change
from grader.diagnosis.mistakes import mistakes_of
from grader.diagnosis.reference import ReferenceCell
from grader.diagnosis.text import Source, Span

# What is said plainest comes first: the same behaviour can have several causes.
_ORDER = (
    "call",
    "brackets",
    "argument",
    "element",
    "moved",
    "operator",
    "cut",
    "name",
    "order",
    "setting",
    "activation",
    "sequence",
    "norm",
    "constant",
    "range",
    "term",
    "condition",
    "statement",
)
Item = TypeVar("Item")


@dataclass
class Effect:
    """What a change did when it was executed last; None where that is not known.

    Attributes:
        has_other_layers: whether it led to other layers than the author's.
        raises: whether it raised an exception.
    """

    has_other_layers: bool | None = None
    raises: bool | None = None


@dataclass(frozen=True)
class Candidate:
    """One changed cell.

    Attributes:
        cell: the cell, as the author wrote it.
        edit: where and how it was changed.
        text: the whole changed cell.
        changed_class: the class of which it changes a method and not how it is built; empty for another change.
        effect: what it did when it was tried last, in another notebook: what does as the answer is tried first.
    """

    cell: ReferenceCell
    edit: Edit
    text: str
    changed_class: str = ""
    effect: Effect = field(default_factory=Effect, compare=False)

    @property
    def line(self) -> tuple[str, int]:
        """The cell and the line that it begins in, from 1."""
        return self.cell.grade_id, self.cell.text.count("\n", 0, self.edit.span.start) + 1

    @property
    def texts(self) -> dict[str, str]:
        """The changed cell's text by its `grade_id`."""
        return {self.cell.grade_id: self.text}

    @property
    def change(self) -> Change:
        """What was changed, in the words of the field."""
        return _reader(self.cell).read(self.edit)


@lru_cache(maxsize=64)
def _reader(cell: ReferenceCell) -> ChangeReader:
    return ChangeReader(cell.grade_id, Source(cell.text))


@lru_cache(maxsize=256)
def candidates_of(cell: ReferenceCell) -> tuple[Candidate, ...]:
    """All changes of a cell's solution, each text once."""
    try:
        source = Source(cell.text)
    except SyntaxError:
        return ()
    edits = [edit for edit in mistakes_of(source) if source.line_of(edit.span) in cell.lines]
    may_hang = "while " in cell.text
    methods = list(_methods(source))
    found: dict[str, Candidate] = {}
    for edit in sorted(edits, key=lambda edit: not edit.meaning):
        text = source.replaced(edit.span, edit.text)
        if text != cell.text and text not in found and not (may_hang and not edit.meaning):
            inside = (name for span, name in methods if span.start <= edit.span.start and edit.span.end <= span.end)
            found[text] = Candidate(cell, edit, text, next(inside, ""))
    return tuple(sorted(found.values(), key=_likeliest_first))


def _methods(source: Source) -> Iterator[tuple[Span, str]]:
    """Where methods stand that build nothing, and their classes."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef):
            builders = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name != "__init__"]
            yield from ((source.span(part), node.name) for part in builders)


def _likeliest_first(candidate: Candidate) -> tuple[bool, int, bool, int, int]:
    """What is missing comes before what is exchanged, which may do the same and is harder to say.

    A condition comes last: with an error alone to go by, another branch of it explains too much.
    """
    edit = candidate.edit
    line = candidate.cell.text[candidate.cell.text.rfind("\n", 0, edit.span.start) + 1 :].lstrip()
    return line.startswith(("if ", "elif ")), _ORDER.index(edit.kind), bool(edit.text), edit.span.start, edit.span.end


def both(one: Candidate, other: Candidate) -> dict[str, str] | None:
    """Texts of the cells with both changes; None where they touch the same place."""
    if one.cell != other.cell:
        return {**one.texts, **other.texts}
    first, second = sorted((one.edit, other.edit), key=lambda edit: edit.span)
    if second.span.start < first.span.end or first.span == second.span:
        return None
    source = one.cell.text
    text = source[: second.span.start] + second.text + source[second.span.end :]
    return {one.cell.grade_id: text[: first.span.start] + first.text + text[first.span.end :]}


def pairs_of(items: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    """All pairs, those of the first items first."""
    for total in range(1, 2 * len(items)):
        for first in range(max(0, total - len(items) + 1), (total + 1) // 2):
            yield items[first], items[total - first]
