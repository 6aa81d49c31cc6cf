"""Grade a contest without a notebook: predictions that were handed in, or a count that Kaggle has made.

The same cells, points, messages and records as a run of the notebook gives; nothing of the student's is executed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import nbformat

from grader.checks.contest import is_contest_test, lines_on
from grader.collect.submissions import KAGGLE_JSON
from grader.course.assignment import Assignment, Cell, split_hidden
from grader.errors import KernelGone
from grader.examiner.examination import Examination
from grader.examiner.hidden_test import examine
from grader.examiner.remote import Session
from grader.grading.job import Graded, Job
from grader.grading.run_notebook import write_result
from grader.grading.seal import blank_notebook
from grader.language import _, speaking
from grader.outcomes import Outcome, Report, TaskResult
from grader.scoring.contest import score_count
from grader.scoring.submission_csv import SUBMISSION_CSV, parse_submission


def grade_predictions(job: Job) -> Graded:
    """Grade a submission of the sources `csv` and `kaggle`.

    Raises:
        InvalidSubmission: the predictions are not one known label for every image; they are not counted.
    """
    with speaking(job.conditions.language):
        return _from_csv(job) if job.conditions.source == "csv" else _from_kaggle(job)


def _from_csv(job: Job) -> Graded:
    rules = job.conditions.contest
    files = dict(job.files)
    if rules is not None:
        parse_submission(files[SUBMISSION_CSV], rules.key.ids, rules.key.classes)
    examination = Examination(_HandedIn(files), rules, job.conditions.contest_missing, earlier=job.earlier)
    session = Session(_NoKernel())

    def task(known: Cell) -> TaskResult:
        visible, hidden = split_hidden(known.source)
        code = hidden if hidden.strip() else visible
        return examine(code, known.grade_id, known.points, session, examination, frozenset())

    notebook, report = _filled(job.assignment, task)
    return Graded(job.key, notebook, report, examination.score, examination.predictions)


def _from_kaggle(job: Job) -> Graded:
    count = json.loads(dict(job.files)[KAGGLE_JSON])
    score = score_count(count["correct"], count["total"], job.conditions.table)
    source = _("Kaggle's public leaderboard shows {score}.").format(score=count["score"])
    said = "\n".join([source, *lines_on(score, job.conditions.table)])

    def task(known: Cell) -> TaskResult:
        if not is_contest_test(split_hidden(known.source)[1]):
            return TaskResult(known.grade_id, Outcome.NOT_REACHED, 0.0, known.points, _no_notebook(), _no_notebook())
        points = min(float(score.points), known.points)
        return TaskResult(known.grade_id, Outcome.of(points, known.points), points, known.points, said, said)

    notebook, report = _filled(job.assignment, task)
    return Graded(job.key, notebook, report, score)


def _filled(assignment: Assignment, task: Callable[[Cell], TaskResult]) -> tuple[bytes, Report]:
    """The assignment's notebook with a result in every test cell, and the report."""
    started = time.monotonic()
    notebook = blank_notebook(assignment)
    tasks: list[TaskResult] = []
    for cell, known in zip(notebook.cells, assignment.cells, strict=True):
        if known.is_test:
            tasks.append(task(known))
            write_result(cell, tasks[-1], [])
        elif known.is_grade or known.is_task:
            text = _no_notebook()
            tasks.append(TaskResult(known.grade_id, Outcome.MANUAL, 0.0, known.points, text))
    report = Report(tuple(tasks), round(time.monotonic() - started, 3))
    return nbformat.writes(notebook).encode(), report


def _no_notebook() -> str:
    return _("No notebook is handed in here: the predictions alone are scored.")


@dataclass(frozen=True)
class _HandedIn:
    """The handed-in files as an examination sees a notebook's working folder."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def names(self) -> list[str]:
        return sorted(self.files)

    def csv_files(self) -> list[str]:
        return self.names()

    def read_file(self, name: str, limit: int) -> bytes | None:
        data = self.files.get(name)
        return data if data is not None and len(data) <= limit else None


class _NoKernel:
    """What a hidden test meets that asks for the student's objects."""

    def request(self, *_request: object) -> NoReturn:
        raise KernelGone(_no_notebook())
