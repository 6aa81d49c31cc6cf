"""The cells that a teacher may decide on, for the page: question, model answer, rubric. No hidden test is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from grader.course.assignment import Assignment, Cell, load_assignment, split_hidden
from grader.course.folder import Course
from grader.course.rubric import Rubric, read_rubrics, rubric_path
from grader.course.titles import HEADING, MAX_HEADING, comment_title, without_points, words_of
from grader.errors import GraderError, InvalidAssignment
from grader.notebook import read_notebook
from grader.record.database import ClassDatabase
from grader.record.database.hand_records import QuestionKind, QuestionRecord
from grader.record.database.hands import Hands

_MAX_TEXT = 20_000
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_SOLUTION = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


def publish_questions(course: Course, database: ClassDatabase) -> None:
    """Store the cells of every released assignment; what the database knows of others stays."""
    for slug in course.slugs():
        try:
            assignment = load_assignment(course.gradebook_url, slug)
        except InvalidAssignment:
            continue  # not released: nobody has answers
        Hands(database).set_questions(slug, questions_of(course, assignment))


def questions_of(course: Course, assignment: Assignment) -> list[QuestionRecord]:
    """The cells of an assignment that a teacher may decide on, in the order of the notebook."""
    slug = assignment.slug
    rubrics: dict[str, Rubric] = {}
    problem = ""
    try:
        rubrics = read_rubrics(rubric_path(course, slug), hand_cells(assignment))
    except GraderError as error:
        problem = str(error)
    try:
        cells: Sequence[NotebookNode] = read_notebook((course.source / slug / f"{slug}.ipynb").read_bytes()).cells
    except (OSError, GraderError):
        cells = ()  # a class without its sources still has the answers
    return list(_questions(assignment, cells, rubrics, problem, course.config.language))


def hand_cells(assignment: Assignment) -> tuple[str, ...]:
    """Names of the cells whose points come from a person."""
    return tuple(cell.grade_id for cell in assignment.cells if kind_of(cell) is QuestionKind.ANSWER)


def kind_of(cell: Cell) -> QuestionKind | None:
    """What a cell is to a teacher; None where there is nothing to decide."""
    if (cell.is_grade and cell.is_solution) or cell.is_task:
        return QuestionKind.ANSWER
    if cell.is_grade:
        return QuestionKind.CHECK if cell.is_test else QuestionKind.ANSWER
    return QuestionKind.WORK if cell.is_solution else None


def _questions(
    assignment: Assignment, cells: Sequence[NotebookNode], rubrics: dict[str, Rubric], problem: str, language: str
) -> Iterator[QuestionRecord]:
    places = {_grade_id(cell): number for number, cell in enumerate(cells) if _grade_id(cell)}
    known = [cell for cell in assignment.cells if kind_of(cell) is not None]
    known.sort(key=lambda cell: places.get(cell.grade_id, len(cells)))
    last_work = ""
    for position, cell in enumerate(known):
        kind = kind_of(cell)
        if kind is None:
            continue
        if kind is not QuestionKind.CHECK:
            last_work = cell.grade_id  # nbgrader keeps comments of what students write; a check's is with their work
        place = places.get(cell.grade_id)
        above = [] if place is None else _texts_above(cells, place, language)
        section = "" if place is None else _section(cells, place, language)
        is_answer = kind is QuestionKind.ANSWER
        yield QuestionRecord(
            assignment=assignment.slug,
            grade_id=cell.grade_id,
            position=position,
            kind=kind,
            section=section,
            title=_title(cell, kind, above, language),
            question="\n\n".join(above)[:_MAX_TEXT] if is_answer else "",
            model_answer="" if place is None or not is_answer else _model(cells[place], language),
            is_code=cell.cell_type == "code",
            max_points=cell.points,
            comment_cell=last_work,
            rubric=rubrics.get(cell.grade_id, Rubric()),
            problem=problem if is_answer else "",
        )


def _title(cell: Cell, kind: QuestionKind, above: list[str], language: str) -> str:
    if kind is QuestionKind.ANSWER and cell.cell_type == "markdown":
        headings = [heading for text in above for level, heading in _headings(text) if level > 2]
        return headings[-1] if headings else words_of(cell.grade_id)
    visible = "" if kind is QuestionKind.ANSWER else _visible(cell.source)
    return comment_title(visible, language) or words_of(cell.grade_id)


def _visible(source: str) -> str:
    try:
        return split_hidden(source)[0]
    except InvalidAssignment:
        return ""


def _model(cell: NotebookNode, language: str) -> str:
    """The author's answer; of one that says everything in two languages, the paragraphs of the class's."""
    text = _SOLUTION.sub("", cell.source).strip()[:_MAX_TEXT]
    paragraphs = re.split(r"\n\s*\n", text)
    if cell.cell_type != "markdown" or len({bool(_CYRILLIC.search(one)) for one in paragraphs}) < 2:
        return text
    return "\n\n".join(one for one in paragraphs if bool(_CYRILLIC.search(one)) == (language == "ru"))


def _texts_above(cells: Sequence[NotebookNode], place: int, language: str) -> list[str]:
    """The texts between an answer and what stands above them: code, or another answer."""
    found: list[str] = []
    for cell in reversed(cells[:place]):
        if cell.cell_type != "markdown" or _marks(cell).get("solution"):
            break
        if _is_spoken(cell, language):
            found.append(cell.source)
    return found[::-1]


def _section(cells: Sequence[NotebookNode], place: int, language: str) -> str:
    for cell in reversed(cells[:place]):
        if cell.cell_type == "markdown" and _is_spoken(cell, language) and not _marks(cell).get("solution"):
            for level, heading in reversed(list(_headings(cell.source))):
                if level <= 2:
                    return heading
    return ""


def _headings(source: str) -> Iterator[tuple[int, str]]:
    for line in source.split("\n"):
        found = HEADING.fullmatch(line[:MAX_HEADING].rstrip())
        if found:
            yield len(found[1]), without_points(found[2].rstrip("# "))


def _is_spoken(cell: NotebookNode, language: str) -> bool:
    spoken = [tag for tag in cell.metadata.get("tags", []) if str(tag).startswith("lang-")]
    return not spoken or f"lang-{language}" in spoken


def _marks(cell: NotebookNode) -> dict[str, object]:
    found = cell.metadata.get("nbgrader")
    return found if isinstance(found, dict) else {}


def _grade_id(cell: NotebookNode) -> str:
    return str(_marks(cell).get("grade_id") or "")
