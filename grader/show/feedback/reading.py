"""Read an executed notebook and its points into a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup
from nbformat import NotebookNode

from grader.course.titles import comment_title, words_of
from grader.examiner.error_meanings import explain
from grader.language import _
from grader.printable import printable
from grader.show.feedback import markup
from grader.show.feedback.cell_outcome import CellOutcome, exception_of, printed, read_outcome, sentence, traceback_of
from grader.show.feedback.grades import Grade, Grades
from grader.show.feedback.page import NOTHING, Check, FirstFailure, Fix, Page, Task
from grader.show.feedback.sections import (
    Section,
    is_answer,
    is_graded,
    is_test,
    marks,
    question_above,
    sections_of,
    title_of,
    visible_part,
)
from grader.show.feedback.states import Sign, State, advice, advice_on_failure, check_status
from grader.show.feedback.work import WorkReader

STUB = "NotImplementedError"  # what a released cell raises


def read_page(notebook: NotebookNode, grades: Grades, released: frozenset[str], language: str, title: str) -> Page:
    """Make the page of an executed notebook.

    Args:
        notebook: from `autograded/`.
        grades: its points.
        released: texts of the code cells as they were released: those are not the student's work.
        language: `ru` or `en`.
        title: for a notebook that has none.
    """
    reader = WorkReader(grades, released, language)
    tasks: list[Task] = []
    first_failure: FirstFailure | None = None
    for section in sections_of(notebook):
        checks = tuple(_check(cell, section, grades, language) for cell in section.cells if is_graded(cell))
        heading = markup.phrase(section.title) if section.title else NOTHING
        task = Task(len(tasks) + 1, heading, checks, reader.pieces(section))
        if task.checks or task.work:
            tasks.append(task)
        first_failure = first_failure or _first_failure(section, task)
    fixes = tuple(_fixes(tasks))
    is_behind = any(check.result.cause or not check.result.is_ours for fix in fixes for _task, check in fix.checks)
    # A task that nobody has begun is no failure; its checks say so.
    is_shown = first_failure is not None and is_behind and not first_failure.what.startswith(STUB)
    return Page(title_of(notebook) or title, grades, tuple(tasks), first_failure if is_shown else None, fixes)


def _check(cell: NotebookNode, section: Section, grades: Grades, language: str) -> Check:
    known = marks(cell)
    grade = grades.cells.get(known.grade_id, Grade(0.0, _number(known.get("points"))))
    said = read_outcome(cell) if is_test(cell) else CellOutcome()
    is_empty = known.grade_id in grades.untouched or STUB in said.finding
    found = check_status(said.outcome, grade, is_test=is_test(cell), is_empty=is_empty)
    visible = visible_part(cell.source) if is_test(cell) else ""
    # A teacher's points make the tests' message an old one.
    is_note = found.sign in (Sign.DONE, Sign.WAIT) and found.state is not State.REVIEWED
    return Check(
        title=_title(cell, section, visible, language),
        status=found,
        grade=grade,
        result=said,
        note=_of_earlier() if grade.is_of_earlier else said.finding if is_note else "",
        visible=markup.code(visible) if _does_something(visible) else NOTHING,
        comment=markup.markdown(grades.comments.get(known.grade_id, "")),
    )


def _of_earlier() -> str:
    return _("The work was handed in anew since a teacher gave these points; they stand until it is read again.")


def _title(cell: NotebookNode, section: Section, visible: str, language: str) -> str:
    if is_answer(cell) and cell.cell_type == "markdown":
        return printable(question_above(section, cell), 200) or _("Your answer in words")
    if is_answer(cell):
        return _("Your answer in code")
    if cell.cell_type != "code":
        return _("The whole task")
    return comment_title(visible, language) or words_of(marks(cell).grade_id)


def _does_something(source: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in source.split("\n"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _first_failure(section: Section, task: Task) -> FirstFailure | None:
    """The first cell of a section in which something went wrong, tests left aside."""
    for cell in section.cells:
        if cell.cell_type != "code" or is_test(cell):
            continue
        what = sentence(read_outcome(cell).failure)
        if what:
            return FirstFailure(task, what, advice_on_failure("", what))
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                explained = explain(printed(output.get("evalue"), 2000))
                remedy = explained or advice_on_failure(printed(output.get("ename"), 100), "")
                return FirstFailure(
                    task, exception_of(output), remedy, markup.lines(traceback_of(output), last=True)[0]
                )
    return None


def _fixes(tasks: Sequence[Task]) -> Iterator[Fix]:
    """Lost checks, those with the same reason together, in the order of the first."""
    together: dict[tuple[str, str, State, Markup], list[tuple[Task, Check]]] = {}
    for task in tasks:
        for check in task.checks:
            if check.is_lost:
                reason = (check.result.finding, check.result.remedy, check.status.state, check.comment)
                together.setdefault(reason, []).append((task, check))
    for (finding, remedy, state, _comment), checks in together.items():
        # What follows an exception is its traceback, set as code; a list of mistakes in a file is not.
        first, detail = finding.split("\n", 1) if state is State.RAISED and "\n" in finding else (finding, "")
        is_missing = state is State.NOT_REACHED or "NameError" in finding
        follows = is_missing and all(check.result.cause for _task, check in checks)
        yield Fix(tuple(checks), first, detail, remedy or advice(state, finding), follows)
