"""The tables about time: extensions, what counts of each student's work, and teams. Typed like `schema`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from grader.record.database.schema import Base, UtcDateTime


class Extension(Base):
    """A later deadline for one student, with the reason."""

    __tablename__ = "extension"

    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), primary_key=True)
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str]
    author: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CountedWork(Base):
    """The submission that is a student's grade, and what being late costs it; everything else can make it again."""

    __tablename__ = "counted_work"
    __table_args__ = (CheckConstraint("days_free >= 0 AND days_free <= days_late", name="days"),)

    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), primary_key=True)
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)
    run_key: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    days_late: Mapped[int]
    days_free: Mapped[int]
    # A fraction such as 1/5, since no float is exact; null where nbgrader alone decides about penalties.
    taken: Mapped[str | None]
    # Of the student's budget, after all of it was spent that is; null where the class has none.
    days_left: Mapped[int | None]
    # How many graded submissions it was chosen from; above 1 only where the best one counts.
    of_submissions: Mapped[int]


class TeamMember(Base):
    """Who hands in together: everything of a team's lies under one of its members, who holds it."""

    __tablename__ = "team_member"

    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), primary_key=True)
    assignment: Mapped[str] = mapped_column(ForeignKey("assignment.slug"), primary_key=True)
    team: Mapped[str]
    holder_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
