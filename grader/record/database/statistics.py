"""What a teacher wants to know of one assignment: how tasks went, who is missing, who is stuck. Names are in it.

`submissions_of` reads, the other functions only count.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import select

from grader.record.database import reports
from grader.record.database.late import members_of, together_with
from grader.record.database.queries import Board, latest_scored_runs
from grader.record.database.records import TaskRecord
from grader.record.database.schema import Run, Student, Submission

MOST_DIAGNOSES = 3
STUCK_TRIES = 2
_LEAST_TRIES = 3
_NUMBER = re.compile(r"[-+−]?\d[\d.,\u00a0]*%?")
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Tried:
    """One graded submission, as its latest run has it; a team's under the member who handed it in."""

    student_id: str
    name: str
    received_at: datetime
    points: float
    max_points: float
    tasks: tuple[TaskRecord, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A reason for which a task was lost.

    Attributes:
        students: how many had it in one submission or another.
        example: the words of one of them, numbers included; nobody's name or id is in it.
    """

    students: int
    example: str


@dataclass(frozen=True, slots=True)
class TaskStatistics:
    """How one task went.

    Attributes:
        grade_id: the cell's.
        title: what people read.
        students: how many have handed in.
        solved: how many have had all its points at least once.
        tries: submissions until then, the median; None where nobody has solved it.
        diagnoses: the commonest first.
    """

    grade_id: str
    title: str
    students: int
    solved: int
    tries: float | None
    diagnoses: tuple[Diagnosis, ...]

    @property
    def share(self) -> float:
        """The part of those who have handed in that has solved it."""
        return self.solved / self.students if self.students else 0.0


@dataclass(frozen=True, slots=True)
class Stuck:
    """Somebody who tries without getting further.

    Attributes:
        tries: submissions in all.
        since_gain: so many of them after the best one.
        points: of the best one.
        last_at: when the last one was handed in.
    """

    student_id: str
    name: str
    tries: int
    since_gain: int
    points: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody who has handed in nothing."""

    student_id: str
    name: str


def submissions_of(board: Board, assignment: str) -> list[Tried]:
    """Every graded submission of an assignment, the oldest first."""
    latest = latest_scored_runs()
    query = (
        select(Submission.student_id, Student.name, Submission.received_at, Run.points, Run.max_points, Run.report_json)
        .select_from(Submission)
        .join(Student, Student.id == Submission.student_id)
        .join(latest, latest.c.submission_id == Submission.id)
        .join(Run, Run.id == latest.c.run_id)
        .where(Submission.assignment == assignment)
        .order_by(Submission.received_at, Submission.id)
    )
    with board.connection() as connection:
        rows = connection.execute(query).all()
    return [
        Tried(student, name or student, at, points or 0.0, most, reports.tasks(report))
        for student, name, at, points, most, report in rows
    ]


def missing_from(board: Board, assignment: str) -> list[Missing]:
    """Students of the class who have handed in nothing for an assignment, alone or in a team."""
    handed_in = select(Submission.student_id).where(Submission.assignment == assignment).distinct()
    with board.connection() as connection:
        there = set(connection.execute(handed_in).scalars())
        everybody = connection.execute(select(Student.id, Student.name).order_by(Student.name, Student.id)).all()
    members = members_of(board)
    return [
        Missing(student, name or student)
        for student, name in everybody
        if not there & {*together_with(members, student, assignment)}
    ]


def task_statistics(tried: Sequence[Tried], names: Collection[str] = ()) -> tuple[TaskStatistics, ...]:
    """How each task went, in the order of the notebook; what a teacher reads is left out.

    Args:
        tried: every submission, the oldest first.
        names: what no example may say: names and ids of students.
    """
    titles = {task.grade_id: task.title for one in tried for task in one.tasks if task.points is not None}
    by_student: dict[str, list[Tried]] = defaultdict(list)
    for one in tried:
        by_student[one.student_id].append(one)
    pattern = _pattern(names)
    return tuple(_task(grade_id, title, by_student, pattern) for grade_id, title in titles.items())


def stuck_in(tried: Iterable[Tried]) -> list[Stuck]:
    """Who has handed in several times without a gain and has not everything yet; the longest first."""
    by_student: dict[str, list[Tried]] = defaultdict(list)
    for one in tried:
        by_student[one.student_id].append(one)
    found = []
    for student, own in by_student.items():
        best = max(one.points for one in own)
        first = next(place for place, one in enumerate(own) if one.points >= best - _EPSILON)
        since = len(own) - 1 - first
        # Points that wait for a teacher are nobody's fault: who has what the tests give is not stuck.
        has_all = all(task.points is None or task.points >= task.max_points for task in own[first].tasks)
        if len(own) >= _LEAST_TRIES and since >= STUCK_TRIES and not has_all:
            found.append(Stuck(student, own[-1].name, len(own), since, best, own[-1].received_at))
    return sorted(found, key=lambda one: (-one.since_gain, one.name))


def _task(
    grade_id: str, title: str, by_student: Mapping[str, Sequence[Tried]], names: re.Pattern[str] | None
) -> TaskStatistics:
    until_solved = []
    reasons: dict[str, set[str]] = defaultdict(set)
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for student, own in by_student.items():
        tasks = [next((task for task in one.tasks if task.grade_id == grade_id), None) for one in own]
        solved = next((place for place, task in enumerate(tasks, start=1) if task and _is_solved(task)), None)
        if solved is not None:
            until_solved.append(solved)
        for task in tasks:
            if task is None or _is_solved(task) or task.points is None or not task.message.strip():
                continue
            text = _without(task.message.strip(), names)
            reason = _NUMBER.sub("#", text.split("\n", 1)[0])
            reasons[reason].add(student)
            said[reason][text] += 1
    most = sorted(reasons, key=lambda reason: (-len(reasons[reason]), reason))[:MOST_DIAGNOSES]
    diagnoses = tuple(Diagnosis(len(reasons[reason]), said[reason].most_common(1)[0][0]) for reason in most)
    tries = float(median(until_solved)) if until_solved else None
    return TaskStatistics(grade_id, title, len(by_student), len(until_solved), tries, diagnoses)


def _is_solved(task: TaskRecord) -> bool:
    return task.points is not None and task.points >= task.max_points - _EPSILON


def _without(text: str, names: re.Pattern[str] | None) -> str:
    """The text with names taken out: what a student's code prints may hold the student's."""
    return text if names is None else names.sub("…", text)


def _pattern(names: Collection[str]) -> re.Pattern[str] | None:
    words = {word for name in names for word in (name, *name.split()) if len(word) > 2}
    longest_first = sorted(words, key=len, reverse=True)
    every = "|".join(re.escape(word) for word in longest_first)
    return re.compile(rf"\b(?:{every})\b", re.IGNORECASE) if words else None
