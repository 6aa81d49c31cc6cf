"""The tables behind the page: who may enter, what was uploaded, what a teacher decided. Typed like `schema`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from grader.record.database.page_records import Role
from grader.record.database.records import RunState
from grader.record.database.schema import Base, UtcDateTime, one_of


class Access(Base):
    """A way in: a personal link, of which only a hash is kept, or an address that OIDC vouches for."""

    __tablename__ = "access"
    __table_args__ = (
        CheckConstraint("token_sha256 IS NOT NULL OR email IS NOT NULL", name="way_in"),
        CheckConstraint("role <> 'student' OR student_id IS NOT NULL", name="student"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(index=True)
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    student_id: Mapped[str | None] = mapped_column(ForeignKey("student.id"), index=True)
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Upload(Base):
    """A file that came through the page, and how far it has come."""

    __tablename__ = "upload"
    __table_args__ = (Index(None, "student_id", "assignment"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"))
    filename: Mapped[str]
    file_sha256: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[RunState] = mapped_column(one_of(RunState, "state"))
    state_at: Mapped[datetime] = mapped_column(UtcDateTime)
    run_key: Mapped[str | None] = mapped_column(index=True)
    message: Mapped[str]


class PageRules(Base):
    """What the page has to know of an assignment: points ladder, what a file must look like. No label of any test."""

    __tablename__ = "page_rules"

    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)
    rules_json: Mapped[dict[str, Any]] = mapped_column(JSON)


class _OfAStudentsAssignment:
    """One row for each student and assignment."""

    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), primary_key=True)
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)


class Feedback(_OfAStudentsAssignment, Base):
    """The feedback page of a student's last graded submission, compressed HTML."""

    __tablename__ = "feedback"

    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    html_zlib: Mapped[bytes] = mapped_column(LargeBinary)


class Grade(_OfAStudentsAssignment, Base):
    """The grade as it stands in the gradebook: of the last submission, with manual points and late penalty."""

    __tablename__ = "grade"

    points: Mapped[float]
    max_points: Mapped[float]
    late_penalty: Mapped[float]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Override(_OfAStudentsAssignment, Base):
    """A grade that a teacher has set by hand, with the reason."""

    __tablename__ = "override"

    points: Mapped[float]
    reason: Mapped[str]
    author: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RegradeCount(_OfAStudentsAssignment, Base):
    """How often a teacher asked for a submission to be graded anew; the number is part of the ledger's key."""

    __tablename__ = "rejudge"  # as databases have it from before

    number: Mapped[int]


class StoredRange(_OfAStudentsAssignment, Base):
    """The ranks that do not differ significantly from a student's; `counted_run` is the newest run compared."""

    __tablename__ = "rank_range"
    __table_args__ = (CheckConstraint("first >= 1 AND first <= last", name="order"),)

    first: Mapped[int]
    last: Mapped[int]
    counted_run: Mapped[int]


class StoredIntegrity(Base):
    """What students of an assignment have in common, in words, with their ids: for a teacher alone."""

    __tablename__ = "integrity_report"

    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    students: Mapped[int]
    predictions: Mapped[int]
    findings_json: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    problem: Mapped[str]


class AuditEntry(Base):
    """Something that a teacher did. Rows are only ever added."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
    # A request of the page's is carried out once, however often it is found.
    request_id: Mapped[str | None] = mapped_column(String(32), unique=True)
