"""Rescore a contest: score every stored `submission.csv` again under the class's present rules. Nothing is run.

For when answers, thresholds or the Ladder have changed. A student's predictions are replayed in the order in which they
came, so that the Ladder decides as if the rules had always been these. What was stored before stays; the new results
are appended, and `grader grade` takes them for its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import nbformat

from grader.checks.contest import is_contest_test, lines_on
from grader.course.assignment import Assignment, load_assignment, split_hidden
from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.errors import InvalidConfig, InvalidSubmission
from grader.grading.conditions import conditions_of, require_contest
from grader.grading.job import Graded
from grader.grading.run_notebook import write_result
from grader.language import _, speaking
from grader.outcomes import Outcome, TaskResult
from grader.record.class_lock import class_lock
from grader.record.history import ScoredPredictions
from grader.record.ledger import Ledger, ledger_key, rules_hash
from grader.record.recorder import Recorder
from grader.scoring.contest import ContestScore
from grader.scoring.rules import ContestRules


@dataclass(frozen=True)
class Rescored:
    """One student's contest after its predictions were scored again.

    Attributes:
        student: the student's id.
        submissions: how many were scored again.
        before: points of the last one as they were.
        after: as they are now.
    """

    student: str
    submissions: int
    before: float
    after: float


def rescore(course: Course, slug: str) -> list[Rescored]:
    """Score everything that was scored before, again.

    Raises:
        InvalidConfig: the assignment is no contest, or its scores come from Kaggle.
        MissingDataset: there are no answers.
        EnvironmentFault: another `grader` is writing, or nothing can be written.
    """
    conditions = conditions_of(course, slug, slots=1)
    require_contest(conditions)
    if conditions.contest is None:
        raise InvalidConfig(
            _("{slug} has no stored predictions that could be scored again.").format(slug=slug),
            remedy=_("Name the contest's assignment."),
        )
    with class_lock(course), speaking(course.config.language):
        assignment = load_assignment(course.gradebook_url, slug)
        rules = rules_hash(assignment, conditions)
        ledger = Ledger(course.ledger)
        found = []
        with Recorder(course, read_roster(course)) as recorder:
            for student in recorder.history.students_of(slug):
                stored = recorder.history.scored_predictions(slug, student)
                before = stored[-1].result.report.points if stored else 0.0
                results = list(_replayed(stored, assignment, conditions.contest, student, rules))
                for old, new in zip(stored, results, strict=True):
                    if ledger.find(new.key) is None:
                        ledger.keep(new.key, new)
                    recorder.record_again(old, new, is_last=old is stored[-1])
                if results:
                    found.append(Rescored(student, len(results), before, results[-1].report.points))
            recorder.settle()
            recorder.update_ranges(slug, conditions.contest.key)
    return found


def _replayed(
    stored: Sequence[ScoredPredictions], assignment: Assignment, contest: ContestRules, student: str, rules: str
) -> Iterator[Graded]:
    earlier: list[bytes] = []
    for one in stored:
        key = ledger_key(student, one.content, rules)
        try:
            score = contest.score(one.result.predictions, earlier)
        except InvalidSubmission as invalid:  # of a data set that has been replaced
            yield _with_score(replace(one.result, key=key), assignment, None, invalid.message, contest)
            continue
        earlier.append(one.result.predictions)
        said = "\n".join(lines_on(score, contest.table))
        yield _with_score(replace(one.result, key=key), assignment, score, said, contest)


def _with_score(
    result: Graded, assignment: Assignment, score: ContestScore | None, said: str, contest: ContestRules
) -> Graded:
    """The result with this score in the contest's cell: in the report and in the executed notebook."""
    tests = {
        cell.grade_id for cell in assignment.cells if cell.is_test and is_contest_test(split_hidden(cell.source)[1])
    }
    points = float(score.points) if score else 0.0
    tasks = []
    for task in result.report.tasks:
        if task.grade_id in tests:
            given = min(points, task.max_points)
            outcome = Outcome.of(given, task.max_points)
            tasks.append(TaskResult(task.grade_id, outcome, given, task.max_points, said, said))
        else:
            tasks.append(task)
    notebook = nbformat.reads(result.notebook.decode(), as_version=4)
    by_name = {task.grade_id: task for task in tasks}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in tests:
            write_result(cell, by_name[name], [])
    report = replace(result.report, tasks=tuple(tasks))
    return replace(result, score=score, report=report, notebook=nbformat.writes(notebook).encode())
