"""What goes into the class database and what comes out of it: plain data, no ORM.

One glossary: a *student* hands in a *submission* for an *assignment*; grading it is a *run*; a run has a *task* record
per graded cell and, in the contest, one *entry*. "Not graded" is `None`, never 0 points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grader.scoring.failures import Failures


class RunState(StrEnum):
    """How far a run has come. `SCORED` is final; any other state may still be replaced under the same key."""

    RECEIVED = "received"
    QUEUED = "queued"
    RUNNING = "running"
    SCORED = "scored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AssignmentRecord:
    """One assignment of the class.

    Attributes:
        slug: nbgrader's name of it, such as `resnet`.
        title: what people read.
        max_points: the most that can be earned.
        is_contest: ranked by F1 rather than by points.
        deadline: timezone-aware, or None where there is none.
        position: place in the lesson's order; None keeps the stored one, and puts a new assignment last.
    """

    slug: str
    title: str
    max_points: float
    is_contest: bool = False
    deadline: datetime | None = None
    position: int | None = None

    def __post_init__(self) -> None:
        _require_points("max_points", self.max_points)
        _require_zone("deadline", self.deadline)


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One graded cell of one run.

    Attributes:
        grade_id: the cell's id, such as `task2_basic_block`.
        title: what people read.
        outcome: value of the outcome enum, such as `passed` or `timed out`.
        points: earned, or None where the task was not graded.
        max_points: the most that can be earned.
        message: for the student; never the hidden code.
    """

    grade_id: str
    title: str
    outcome: str
    points: float | None
    max_points: float
    message: str = ""

    def __post_init__(self) -> None:
        _require_points("points", self.points)
        _require_points("max_points", self.max_points)


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """A valid contest score; a run without one never ranks.

    Attributes:
        metric: name of the metric, such as `f1_micro`.
        correct: images right in the public part.
        total: images in the public part, > 0.
        points: what the table of thresholds gives for it.
        private_correct: images right in the private part, for the teacher only.
        private_total: images in the private part, for the teacher only.
        accepted: False where the Ladder found no clear improvement; the rest is then the earlier score that stays.
    """

    metric: str
    correct: int
    total: int
    points: float
    private_correct: int | None = None
    private_total: int | None = None
    accepted: bool = True

    def __post_init__(self) -> None:
        _require_points("points", self.points)
        _require_count("the public part", self.correct, self.total)
        if (self.private_correct is None) != (self.private_total is None):
            raise ValueError("private_correct and private_total come together or not at all")
        if self.private_correct is not None and self.private_total is not None:
            _require_count("the private part", self.private_correct, self.private_total)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything that one run leaves behind.

    Attributes:
        key: the ledger's key: hash of submission, assignment revision and grader version.
        student_id: the roster's id.
        assignment: as the class has it now; the stored one is brought up to date.
        content_sha256: hash of the submitted bytes, 64 hex digits.
        source: where the submission came from, such as `exchange`, `zip`, `folder` or `upload`.
        received_at: when it was handed in, timezone-aware.
        grader_version: version of the grader that ran.
        assignment_revision: revision of the assignment's notebook.
        started_at: timezone-aware.
        finished_at: timezone-aware, or None where the run is not over.
        wall_s: wall-clock seconds of the run.
        state: how far the run has come.
        points: earned, or None where nothing could be graded.
        max_points: the most that this run could earn.
        tasks: one record per graded cell, in notebook order.
        entry: the contest's score, None for a block assignment or an invalid submission.
        student_name: real name where the roster has one; an earlier name stays when this is None.
        problem: why the run failed, for the teacher; empty when it did not.
        remarks: what else the teacher should know of this run; never for students, never part of the points.
        failures: where its network fails, on training pictures; for its student.
    """

    key: str
    student_id: str
    assignment: AssignmentRecord
    content_sha256: str
    source: str
    received_at: datetime
    grader_version: str
    assignment_revision: str
    started_at: datetime
    finished_at: datetime | None
    wall_s: float
    state: RunState
    points: float | None
    max_points: float
    tasks: tuple[TaskRecord, ...] = ()
    entry: EntryRecord | None = None
    student_name: str | None = None
    problem: str = ""
    remarks: tuple[str, ...] = ()
    failures: Failures | None = None

    def __post_init__(self) -> None:
        for name in ("received_at", "started_at", "finished_at"):
            _require_zone(name, getattr(self, name))
        _require_points("points", self.points)
        _require_points("max_points", self.max_points)
        if self.state is RunState.SCORED and self.points is None:
            raise ValueError("a scored run has points")
        if self.entry is not None and self.state is not RunState.SCORED:
            raise ValueError(f"only a scored run has a contest entry; this one is {self.state}")


@dataclass(frozen=True, slots=True)
class RunReport:
    """One stored run with its student: for the teacher's table and export, real name included."""

    run_id: int
    submission_id: int
    alias: str
    record: RunRecord

    @property
    def student_id(self) -> str:
        """The roster's id."""
        return self.record.student_id

    @property
    def student_name(self) -> str | None:
        """The real name, where the roster has one."""
        return self.record.student_name


def _require_zone(name: str, moment: datetime | None) -> None:
    if moment is not None and moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone: {moment.isoformat()}")


def _require_points(name: str, points: float | None) -> None:
    if points is not None and not math.isfinite(points):
        raise ValueError(f"{name} is not a finite number: {points}")


def _require_count(part: str, correct: int, total: int) -> None:
    if total <= 0 or not 0 <= correct <= total:
        raise ValueError(f"{correct} of {total} is no count of {part}")
