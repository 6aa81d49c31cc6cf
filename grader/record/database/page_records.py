"""Plain data of the page's tables: ways in, uploads, a teacher's decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grader.record.database.records import RunState


class Role(StrEnum):
    """What somebody may do on the page."""

    STUDENT = "student"
    TEACHER = "teacher"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is looking at the page.

    Attributes:
        access_id: the way in that was used; it can be revoked at any moment.
        role: what this person may do.
        student_id: the roster's id; None for a teacher.
        name: for the audit log and the page's own greeting.
    """

    access_id: int
    role: Role
    student_id: str | None
    name: str

    @property
    def is_teacher(self) -> bool:
        """Whether names, private scores and decisions are this person's to see."""
        return self.role is Role.TEACHER


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One way in, for the teacher's list. The token is nowhere."""

    id: int
    role: Role
    student_id: str | None
    label: str
    email: str | None
    has_link: bool
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file that came through the page.

    Attributes:
        id: 32 hex digits, drawn by the page.
        student_id: whose it is.
        assignment: slug.
        filename: as the browser named it; hostile text.
        file_sha256: of the file's bytes.
        received_at: when the page had all of it, UTC.
        state: how far it has come.
        state_at: since when.
        run_key: the run that it led to, once there is one.
        message: what to tell the student beside the state.
    """

    id: str
    student_id: str
    assignment: str
    filename: str
    file_sha256: str
    received_at: datetime
    state: RunState
    state_at: datetime
    run_key: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class GradeRecord:
    """A student's grade for an assignment.

    Attributes:
        points: in the gradebook, late penalty already taken off; None where nothing is graded.
        max_points: the most that can be earned.
        late_penalty: points taken off for being late.
        override: what a teacher set instead, or None.
        reason: why.
    """

    student_id: str
    name: str | None
    alias: str
    assignment: str
    points: float | None
    max_points: float
    late_penalty: float
    override: float | None
    reason: str

    @property
    def effective_points(self) -> float | None:
        """The points that count: the teacher's override if there is one, else the gradebook's."""
        return self.points if self.override is None else self.override


@dataclass(frozen=True, slots=True)
class GradebookGrade:
    """A grade as the gradebook had it.

    Attributes:
        points: late penalty already taken off.
        late_penalty: points taken off for being late.
    """

    points: float
    late_penalty: float

    @property
    def earned(self) -> float:
        """Before the penalty."""
        return self.points + self.late_penalty


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One line of the log of what teachers did."""

    at: datetime
    author: str
    action: str
    subject: str
    detail: str
