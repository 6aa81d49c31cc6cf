"""The tables of the class database, typed. Only this package sees them; everyone else sees `records`.

A change here needs a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from grader.record.database.records import RunState


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """With the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(kind: type[StrEnum], name: str) -> Enum:
    """A column type for the values of an enumeration, which the database checks under this name."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Constraints have the same names on SQLite and PostgreSQL, so that a later migration can find them."""

    type_annotation_map: ClassVar = {float: Double}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Student(Base):
    """The real name is for the teacher; everyone else sees the alias."""

    __tablename__ = "student"

    id: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]


class Assignment(Base):
    """An assignment as the class had it at the last run."""

    __tablename__ = "assignment"

    slug: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    max_points: Mapped[float]
    is_contest: Mapped[bool]
    deadline: Mapped[datetime | None] = mapped_column(UtcDateTime)
    position: Mapped[int]


class Submission(Base):
    """The same bytes from the same student are one submission, however often they arrive."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("student_id", "assignment", "content_sha256"),
        Index(None, "assignment"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"))
    content_sha256: Mapped[str] = mapped_column(String(64))
    source: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # By our own clock, for the quota: the time of receipt may come from a file of the student's.
    admitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    student: Mapped[Student] = relationship()
    for_assignment: Mapped[Assignment] = relationship()


class Run(Base):
    """One grading of one submission. Ids grow, so the highest id is the latest run."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    grader_version: Mapped[str]
    assignment_revision: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wall_s: Mapped[float]
    state: Mapped[RunState] = mapped_column(one_of(RunState, "state"))
    points: Mapped[float | None]
    max_points: Mapped[float]
    report_json: Mapped[dict[str, Any]] = mapped_column(JSON)

    submission: Mapped[Submission] = relationship()
    entry: Mapped[Entry | None] = relationship(back_populates="run", cascade="all, delete-orphan")
    failures: Mapped[StoredFailures | None] = relationship(back_populates="run", cascade="all, delete-orphan")


class Entry(Base):
    """The valid contest score of a run; where the Ladder did not accept it, the earlier score that stays."""

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("total > 0 AND correct >= 0 AND correct <= total", name="public_count"),
        CheckConstraint(
            "(private_correct IS NULL AND private_total IS NULL)"
            " OR (private_total > 0 AND private_correct >= 0 AND private_correct <= private_total)",
            name="private_count",
        ),
        Index(None, "assignment"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"))
    metric: Mapped[str]
    correct: Mapped[int]
    total: Mapped[int]
    points: Mapped[float]
    private_correct: Mapped[int | None]
    private_total: Mapped[int | None]
    accepted: Mapped[bool] = mapped_column(default=True, server_default=true())

    run: Mapped[Run] = relationship(back_populates="entry")


class StoredFailures(Base):
    """What a run's network says of training pictures that it has not seen; nothing of the hidden test.

    Pictures are kept of a student's newest run alone: about 30 KiB, where the rest is a few.
    """

    __tablename__ = "failures"
    __table_args__ = (Index(None, "student_id", "assignment"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"))
    found_json: Mapped[dict[str, Any]] = mapped_column(JSON)
    pictures_json: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))

    run: Mapped[Run] = relationship(back_populates="failures")
