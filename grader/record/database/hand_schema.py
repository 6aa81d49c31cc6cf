"""The tables behind points by hand and students' questions. Typed like `schema`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from grader.record.database.hand_records import DoubtEvent, QuestionKind
from grader.record.database.schema import Base, UtcDateTime, one_of


class HandQuestion(Base):
    """A cell that a teacher may give points or a comment for, as the author wrote it; no hidden test is in it."""

    __tablename__ = "hand_question"

    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)
    grade_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[QuestionKind] = mapped_column(one_of(QuestionKind, "kind"))
    section: Mapped[str]
    title: Mapped[str]
    question: Mapped[str]
    model_answer: Mapped[str]
    is_code: Mapped[bool]
    max_points: Mapped[float]
    # Where nbgrader keeps a comment on it; empty where it keeps none.
    comment_cell: Mapped[str]
    rubric_json: Mapped[dict[str, Any]] = mapped_column(JSON)
    problem: Mapped[str]


class HandAnswer(Base):
    """What one student has in one such cell, and what the gradebook says of it.

    `judged_sha256` is the answer that the teacher's points were given for; `mark_json` what the page wrote, which
    counts as long as the gradebook still has it. `changed_at` is when a student's feedback became old.
    """

    __tablename__ = "hand_answer"
    __table_args__ = (Index(None, "assignment", "grade_id"),)

    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), primary_key=True)
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)
    grade_id: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    answer_sha256: Mapped[str] = mapped_column(String(64))
    group_sha256: Mapped[str] = mapped_column(String(64))
    judged_sha256: Mapped[str | None] = mapped_column(String(64))
    is_waiting: Mapped[bool]
    points: Mapped[float | None]
    auto_points: Mapped[float | None]
    comment: Mapped[str]
    mark_json: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HandDecision(Base):
    """Something that a teacher gave for one cell of one or more students; what was there before, to be put back."""

    __tablename__ = "hand_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author: Mapped[str] = mapped_column(index=True)
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"))
    grade_id: Mapped[str]
    changes_json: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Doubt(Base):
    """A student's question about one task; open until a teacher closes it."""

    __tablename__ = "doubt"
    __table_args__ = (Index(None, "student_id", "assignment"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"))
    grade_id: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DoubtLine(Base):
    """A line of a thread: what was said, or what was done about it. Rows are only ever added."""

    __tablename__ = "doubt_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    doubt_id: Mapped[int] = mapped_column(ForeignKey("doubt.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[DoubtEvent] = mapped_column(one_of(DoubtEvent, "event"))
    author: Mapped[str]
    text: Mapped[str]
    points_before: Mapped[float | None]
    points_after: Mapped[float | None]
