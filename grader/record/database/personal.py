"""One student's own submissions, and every run for a teacher: nothing of this goes into a cache that is shared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from grader.record.database import reports
from grader.record.database.queries import Board
from grader.record.database.records import RunState, TaskRecord
from grader.record.database.schema import Entry, Run, Student, Submission


@dataclass(frozen=True, slots=True)
class OwnRun:
    """The latest run of one submission, as its student may see it: no private score.

    Attributes:
        key: the ledger's key; an upload names it.
        assignment: slug.
        received_at: when it was handed in, UTC.
        state: how far it has come.
        points: earned, or None.
        max_points: the most that could be earned.
        correct: images right in the public part, for a contest.
        total: images of the public part, for a contest.
        wall_s: seconds that the run took.
        tasks: outcomes with messages.
        problem: why there is no score.
        remarks: lines for the student, such as the Ladder's.
    """

    key: str
    assignment: str
    received_at: datetime
    state: RunState
    points: float | None
    max_points: float
    correct: int | None
    total: int | None
    wall_s: float
    tasks: tuple[TaskRecord, ...]
    problem: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run for the teacher's log, with name and private score."""

    student_id: str
    name: str | None
    alias: str
    assignment: str
    received_at: datetime
    state: RunState
    points: float | None
    max_points: float
    correct: int | None
    total: int | None
    private_correct: int | None
    private_total: int | None
    wall_s: float
    content_sha256: str
    problem: str


def alias_of(board: Board, student_id: str) -> str:
    """The student's public name; empty where the student is not known."""
    with board.connection() as connection:
        return connection.execute(select(Student.alias).where(Student.id == student_id)).scalar() or ""


def runs_of(board: Board, student_id: str, assignment: str | None = None) -> list[OwnRun]:
    """The latest run of each of a student's submissions, the oldest submission first."""
    own = select(Submission.id).where(Submission.student_id == student_id)
    latest = select(func.max(Run.id)).where(Run.submission_id.in_(own)).group_by(Run.submission_id)
    query = (
        select(
            Run.key, Submission.assignment, Submission.received_at, Run.state, Run.points, Run.max_points,
            Entry.correct, Entry.total, Run.wall_s, Run.report_json,
        )
        .select_from(Submission)
        .join(Run, Run.submission_id == Submission.id)
        .outerjoin(Entry, Entry.run_id == Run.id)
        .where(Submission.student_id == student_id, Run.id.in_(latest))
        .order_by(Submission.received_at, Submission.id)
    )  # fmt: skip
    if assignment is not None:
        query = query.where(Submission.assignment == assignment)
    with board.connection() as connection:
        return [OwnRun(**_with_report(row)) for row in connection.execute(query)]


def all_runs(board: Board, *, assignment: str | None = None, limit: int = 500) -> list[RunLine]:
    """The latest runs of the class, newest first; for a teacher."""
    query = (
        select(
            Submission.student_id, Student.name, Student.alias, Submission.assignment, Submission.received_at,
            Run.state, Run.points, Run.max_points, Entry.correct, Entry.total, Entry.private_correct,
            Entry.private_total, Run.wall_s, Submission.content_sha256, Run.report_json,
        )
        .select_from(Run)
        .join(Submission, Submission.id == Run.submission_id)
        .join(Student, Student.id == Submission.student_id)
        .outerjoin(Entry, Entry.run_id == Run.id)
        .order_by(Run.id.desc())
        .limit(limit)
    )  # fmt: skip
    if assignment is not None:
        query = query.where(Submission.assignment == assignment)
    with board.connection() as connection:
        return [RunLine(**_line(row)) for row in connection.execute(query)]


def _with_report(row: Any) -> dict[str, Any]:
    fields = dict(row._mapping)
    report = fields.pop("report_json")
    return {
        **fields,
        "tasks": reports.tasks(report),
        "problem": reports.problem(report),
        "remarks": reports.remarks(report),
    }


def _line(row: Any) -> dict[str, Any]:
    fields = dict(row._mapping)
    problem = reports.problem(fields.pop("report_json"))
    return {**fields, "problem": problem}
