"""Executed notebooks made by hand, and the pages they become, without a run and without a gradebook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader.course import new_class
from grader.course.folder import Course
from grader.language import speaking
from grader.outcomes import Outcome
from grader.show.feedback.exporter import render
from grader.show.feedback.grades import Grade, Grades
from grader.show.feedback.reading import read_page

HEADING = "# Сети\n\n## Задача 1. Блок (10 баллов)\n\nНапишите блок."
PIXEL = (  # one black pixel, PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def marks(grade_id: str, **more: Any) -> dict[str, Any]:
    """nbgrader's metadata of a cell."""
    known = {"grade": False, "solution": False, "task": False, "locked": False, "schema_version": 3}
    return {**known, "grade_id": grade_id, **more}


def answer(source: str, grade_id: str = "task1_block", outputs: Iterable[NotebookNode] = ()) -> NotebookNode:
    """A code cell in which the student writes."""
    return new_code_cell(source, outputs=list(outputs), metadata={"nbgrader": marks(grade_id, solution=True)})


def words(source: str, grade_id: str = "task4_discussion") -> NotebookNode:
    """An answer in words, which a teacher reads."""
    return new_markdown_cell(source, metadata={"nbgrader": marks(grade_id, solution=True, grade=True, points=2)})


def check(
    grade_id: str = "task1_block_shape",
    outcome: Outcome | str | None = Outcome.FAILED,
    finding: str = "",
    remedy: str = "",
    cause: str = "",
    *,
    source: str = "# Форма выхода (2 балла)\nassert block",
    outputs: Iterable[NotebookNode] = (),
) -> NotebookNode:
    """A test cell, as our examination leaves it; an outcome of None leaves it as nbgrader alone does."""
    metadata: dict[str, Any] = {"nbgrader": marks(grade_id, grade=True, locked=True, points=2)}
    if outcome is not None:
        metadata["springfield"] = {"outcome": str(outcome), "finding": finding, "remedy": remedy, "cause": cause}
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def error(kind: str, text: str, *traceback: str) -> NotebookNode:
    """An exception as a kernel reports it."""
    return new_output("error", ename=kind, evalue=text, traceback=list(traceback))


def printed(text: str) -> NotebookNode:
    """Text on the standard output."""
    return new_output("stream", name="stdout", text=text)


def notebook(*cells: NotebookNode, heading: str = HEADING) -> NotebookNode:
    """A notebook with a heading and these cells."""
    return new_notebook(cells=[new_markdown_cell(heading), *cells])


def graded(**cells: Grade | tuple[float, float]) -> Grades:
    """Points by cell."""
    known = {name: grade if isinstance(grade, Grade) else Grade(*grade) for name, grade in cells.items()}
    return Grades(
        student="bart",
        name="Bart Simpson",
        points=sum(grade.points for grade in known.values()),
        max_points=sum(grade.max_points for grade in known.values()),
        penalty=0.0,
        received=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        cells=known,
    )


def class_of(folder: Path, language: str) -> Course:
    """A class folder in a language."""
    return new_class.init(folder / f"class-{language}", name="Класс 10А", language=language)


def page_of(
    made: NotebookNode, grades: Grades, course: Course, released: frozenset[str] = frozenset(), slug: str = "resnet"
) -> str:
    """The page's HTML."""
    language = course.config.language
    with speaking(language):
        page = read_page(made, grades, released, language, course.title(slug))
        return render(page, course, slug, graded=datetime(2026, 3, 1, 10, 0, tzinfo=UTC))


def text_of(html: str) -> str:
    """What a reader reads: no tags, one space between words."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
