"""What an assignment asks for, as plain data: its graded and solution cells, as nbgrader recorded them at release."""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache

from grader.errors import InvalidAssignment
from grader.language import _

BEGIN_HIDDEN = "### BEGIN HIDDEN TESTS"
END_HIDDEN = "### END HIDDEN TESTS"


@dataclass(frozen=True)
class Cell:
    """One cell that nbgrader knows.

    Attributes:
        grade_id: its name.
        cell_type: `code` or `markdown`.
        source: the author's text: with hidden tests where it is a test, the empty stub where it is a solution.
        checksum: nbgrader's checksum of that text.
        is_locked: whether the student's text is replaced by the author's.
        is_grade: whether it is worth points.
        is_solution: whether the student writes in it.
        is_task: whether it is a manually graded task cell.
        points: points it is worth.
    """

    grade_id: str
    cell_type: str
    source: str
    checksum: str
    is_locked: bool
    is_grade: bool
    is_solution: bool
    is_task: bool
    points: float

    @property
    def is_test(self) -> bool:
        """Whether points come from running it, not from a person."""
        return self.is_grade and not self.is_solution and self.cell_type == "code"


@dataclass(frozen=True)
class Assignment:
    """An assignment with one notebook of the same name.

    Attributes:
        slug: its name, such as `resnet`.
        cells: the cells that nbgrader knows.
        kernelspec: the notebook's kernelspec metadata, as JSON.
    """

    slug: str
    cells: tuple[Cell, ...]
    kernelspec: str = "{}"

    @property
    def max_points(self) -> float:
        """Points of all graded cells."""
        return sum(cell.points for cell in self.cells)

    @property
    def full_points(self) -> float:
        """Points that can be earned without a person: those of cells that are run."""
        return sum(cell.points for cell in self.cells if cell.is_test)

    @property
    def revision(self) -> str:
        """A hash of all that decides points; another revision is graded anew.

        The gradebook's order of cells is that of their first release, and no part of it.
        """
        cells = sorted(self.cells, key=lambda cell: cell.grade_id)
        return replace(self, cells=tuple(cells)).earlier_revision

    @property
    def earlier_revision(self) -> str:
        """The revision as graders computed it when the order of cells was a part of it; their results still count."""
        plain = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()

    def find(self, grade_id: str | None) -> Cell | None:
        """The cell of this name, if there is one."""
        return next((cell for cell in self.cells if cell.grade_id == grade_id), None)


def split_hidden(source: str) -> tuple[str, str]:
    """The visible and the hidden part of a test cell.

    Returns:
        The source without hidden regions, and the text of the hidden regions (empty where there are none).

    Raises:
        InvalidAssignment: a region is opened or closed without its counterpart.
    """
    visible: list[str] = []
    hidden: list[str] = []
    is_inside = False
    for line in source.split("\n"):
        mark = line.strip()
        if mark in (BEGIN_HIDDEN, END_HIDDEN):
            if is_inside == (mark == BEGIN_HIDDEN):
                raise InvalidAssignment(
                    _("{mark!r} stands where it should not.").format(mark=mark),
                    remedy=_("Begin and end each hidden region once."),
                )
            is_inside = mark == BEGIN_HIDDEN
        else:
            (hidden if is_inside else visible).append(line)
    if is_inside:
        raise InvalidAssignment(
            _("{begin_hidden!r} is never closed.").format(begin_hidden=BEGIN_HIDDEN),
            remedy=_("Add a line {end_hidden!r}.").format(end_hidden=END_HIDDEN),
        )
    return "\n".join(visible).strip("\n"), "\n".join(hidden)


def load_assignment(gradebook_url: str, slug: str) -> Assignment:
    """Read an assignment from nbgrader's gradebook, where `grader release` put it.

    Raises:
        InvalidAssignment: it was not released, or does not have exactly one notebook named like itself.
        InvalidConfig: the folder of the gradebook is not there.
        EnvironmentFault: the gradebook cannot be read.
    """
    from nbgrader.api import MissingEntry  # noqa: PLC0415 - workers have no use for it, and it takes a second

    from grader.course.gradebook import open_gradebook_at  # noqa: PLC0415

    with open_gradebook_at(gradebook_url) as gradebook:
        try:
            notebooks = gradebook.find_assignment(slug).notebooks
        except MissingEntry:
            raise InvalidAssignment(
                _("Assignment {slug!r} is not in the gradebook.").format(slug=slug),
                remedy=_("Run `grader release {slug}` first.").format(slug=slug),
            ) from None
        if [notebook.name for notebook in notebooks] != [slug]:
            names = ", ".join(sorted(notebook.name for notebook in notebooks)) or "none"
            raise InvalidAssignment(
                _("Assignment {slug!r} has the notebooks: {names}; expected exactly one named {slug!r}.").format(
                    slug=slug, names=names
                ),
                remedy=_("Keep one notebook source/{slug}/{slug}.ipynb and run `grader release {slug}`.").format(
                    slug=slug
                ),
            )
        return _from_notebook(slug, notebooks[0])


def _from_notebook(slug: str, notebook: object) -> Assignment:
    grades = {cell.name: cell.max_score for cell in notebook.grade_cells}  # type: ignore[attr-defined]
    tasks = {cell.name: cell.max_score for cell in notebook.task_cells}  # type: ignore[attr-defined]
    solutions = {cell.name for cell in notebook.solution_cells}  # type: ignore[attr-defined]
    cells = tuple(
        Cell(
            grade_id=cell.name,
            cell_type=cell.cell_type,
            source=cell.source,
            checksum=cell.checksum,
            is_locked=bool(cell.locked),
            is_grade=cell.name in grades,
            is_solution=cell.name in solutions,
            is_task=cell.name in tasks,
            points=float(grades.get(cell.name, tasks.get(cell.name, 0)) or 0),
        )
        for cell in notebook.source_cells  # type: ignore[attr-defined]
    )
    return Assignment(slug, cells, notebook.kernelspec or "{}")  # type: ignore[attr-defined]


@lru_cache(maxsize=64)
def names_to_define(assignment: Assignment) -> frozenset[str]:
    """Names that a run of the author's cells would define: where one is missing, it is the student's doing."""
    names: set[str] = set()
    for cell in assignment.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(split_hidden(cell.source)[0])
        except SyntaxError:
            continue  # cell magics
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return frozenset(names)
