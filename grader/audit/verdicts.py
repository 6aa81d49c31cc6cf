"""What a report has to say of each kind of case, and what is wrong where it does not."""

from __future__ import annotations

from grader.audit.answers import Answer
from grader.audit.cases import Case, Kind
from grader.course.assignment import Assignment
from grader.diagnosis.reference import Reference
from grader.language import _
from grader.outcomes import Outcome, Report, TaskResult

SHOWN = 400


def points_lost(case: Case, report: Report, reference: Reference) -> tuple[float, float]:
    """Points lost in the tasks whose cells the answer gives, and in others; a task is what stands below one heading.

    Args:
        case: the case.
        report: what grading said.
        reference: the author's cells, with their headings.
    """
    headings = {cell.grade_id: cell.title for cell in reference}
    own = {headings.get(name) for name in case.answer.cells}
    here = elsewhere = 0.0
    for task in report.tasks:
        if task.is_lost and task.outcome is not Outcome.MANUAL:
            lost = task.max_points - task.points
            if headings.get(task.grade_id) in own:
                here += lost
            else:
                elsewhere += lost
    return here, elsewhere


def findings(case: Case, report: Report, assignment: Assignment, *, is_contest: bool = False) -> list[str]:
    """What is wrong, a line for each; empty where all is as it has to be.

    Args:
        case: the case.
        report: what grading said.
        assignment: what was answered.
        is_contest: points depend on how long a network may train, so that right answers have to earn some, not all.
    """
    tasks = [task for task in report.tasks if task.outcome is not Outcome.MANUAL]
    troubled = [_not_graded(task) for task in tasks if task.outcome is Outcome.NOT_GRADED]
    if troubled:
        return troubled
    match case.kind:
        case Kind.REFERENCE:
            text = _("the reference solution loses points, so the test is wrong or the solution is: {task}")
            return [
                text.format(task=_lost(task)) for task in tasks if task.is_lost and not (is_contest and task.points)
            ]
        case Kind.RIGHT:
            text = _("loses points: {task}")
            return [
                text.format(task=_lost(task)) for task in tasks if task.is_lost and not (is_contest and task.points)
            ]
        case Kind.RELEASE:
            text = _("{cell} gives {points:g} of {maximum:g} points to somebody who wrote nothing")
            return [
                text.format(cell=task.grade_id, points=task.points, maximum=task.max_points)
                for task in tasks
                if task.points
            ]
        case Kind.WRONG:
            return [*header_findings(case.answer, assignment), *_of_wrong(case.answer, tasks)]


def is_killed(report: Report) -> bool:
    """Whether a mutant lost points. What could not be graded is not lost."""
    return any(task.is_lost and task.outcome is not Outcome.NOT_GRADED for task in report.tasks)


def is_timely(report: Report) -> bool:
    """Whether what was lost was not lost by a limit of time alone, which a busy machine may bring about."""
    lost = {task.outcome for task in report.tasks if task.is_lost}
    return Outcome.TIMED_OUT not in lost or not lost <= {Outcome.TIMED_OUT, Outcome.NOT_REACHED, Outcome.NOT_GRADED}


def header_findings(answer: Answer, assignment: Assignment) -> list[str]:
    """What is missing in the header of a wrong answer."""
    tests = {cell.grade_id for cell in assignment.cells if cell.is_test}
    found = []
    if not answer.loses:
        found.append(_("the header has no line `# loses:` with the cells that give no points"))
    if not answer.message:
        found.append(_("the header has no line `# message:` with words of the message"))
    unknown = sorted(answer.loses - tests)
    if unknown:
        text = _("`# loses:` names {names}, which the notebook does not grade automatically")
        found.append(text.format(names=", ".join(unknown)))
    return found


def _of_wrong(answer: Answer, tasks: list[TaskResult]) -> list[str]:
    found = []
    for task in tasks:
        fields = {"cell": task.grade_id, "points": task.points, "maximum": task.max_points}
        if task.grade_id in answer.loses and task.points:
            found.append(_("{cell} gives {points:g} of {maximum:g} points and should give none").format(**fields))
        elif task.grade_id not in answer.loses and task.is_lost:
            found.append(_("loses points that it should keep: {task}").format(task=_lost(task)))
    lost = [task for task in tasks if task.grade_id in answer.loses and task.is_lost]
    if lost and answer.message and not any(answer.message in task.message for task in lost):
        said = "\n".join(dict.fromkeys(task.message.strip()[:SHOWN] for task in lost))
        found.append(_("no message says {words!r}; found: {said}").format(words=answer.message, said=said))
    return found


def _not_graded(task: TaskResult) -> str:
    text = _("{cell} could not be graded, which is the test's fault: {message}")
    return text.format(cell=task.grade_id, message=task.message.strip()[:SHOWN])


def _lost(task: TaskResult) -> str:
    return f"{task.grade_id} {task.points:g}/{task.max_points:g}: {task.message.strip()[:SHOWN]}"
