"""What teachers decide: overrides and regrades, each with a line in the log; and the grades beside them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.record.database.late_schema import CountedWork
from grader.record.database.page_records import AuditRecord, GradebookGrade, GradeRecord
from grader.record.database.page_schema import AuditEntry, Feedback, Grade, Override, PageRules, RegradeCount
from grader.record.database.queries import Board
from grader.record.database.schema import Assignment, Student
from grader.record.database.store import ClassDatabase


class Decisions:
    """Writes decisions, grades and what the page shows beside them."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def log(self, author: str, action: str, subject: str, detail: str = "", request_id: str | None = None) -> None:
        """Add a line to the log."""
        self._database.transact(lambda session: session.add(_entry(author, action, subject, detail, request_id)))

    def is_done(self, request_id: str) -> bool:
        """Whether this request of the page's was carried out."""
        query = select(AuditEntry.id).where(AuditEntry.request_id == request_id)
        return self._database.transact(lambda session: session.scalar(query) is not None)

    def override(self, student_id: str, assignment: str, points: float, reason: str, author: str) -> None:
        """Set a grade by hand."""
        self._database.transact(
            lambda session: session.merge(
                Override(
                    student_id=student_id, assignment=assignment, points=points, reason=reason, author=author,
                    made_at=datetime.now(UTC),
                )
            )
        )  # fmt: skip

    def drop_override(self, student_id: str, assignment: str) -> bool:
        """Let the gradebook's grade count again; whether there was an override."""

        def drop(session: Session) -> bool:
            row = session.get(Override, (student_id, assignment))
            if row is not None:
                session.delete(row)
            return row is not None

        return self._database.transact(drop)

    def overrides(self) -> dict[tuple[str, str], tuple[float, str]]:
        """Points and reason by student and assignment."""
        return self._database.transact(
            lambda session: {
                (row.student_id, row.assignment): (row.points, row.reason) for row in session.scalars(select(Override))
            }
        )

    def add_regrade(self, student_id: str, assignment: str) -> int:
        """Ask for a submission to be graded anew; how often that was asked for, which goes into the ledger's key."""

        def store(session: Session) -> int:
            row = session.get(RegradeCount, (student_id, assignment))
            if row is None:
                row = RegradeCount(student_id=student_id, assignment=assignment, number=0)
                session.add(row)
            row.number += 1
            return row.number

        return self._database.transact(store)

    def restore_regrade_count(self, student_id: str, assignment: str, number: int) -> None:
        """Raise the count to `number` if it is lower: a lost database has forgotten the earlier requests."""

        def store(session: Session) -> None:
            row = session.get(RegradeCount, (student_id, assignment))
            if row is None or row.number < number:
                session.merge(RegradeCount(student_id=student_id, assignment=assignment, number=number))

        self._database.transact(store)

    def regrade_counts(self) -> dict[tuple[str, str], int]:
        """How often a submission was to be graded anew, by student and assignment."""
        return self._database.transact(
            lambda session: {
                (row.student_id, row.assignment): row.number for row in session.scalars(select(RegradeCount))
            }
        )

    def set_grade(
        self, student_id: str, assignment: str, points: float, max_points: float, late_penalty: float
    ) -> None:
        """Copy a grade from the gradebook."""
        self._database.transact(
            lambda session: session.merge(
                Grade(
                    student_id=student_id, assignment=assignment, points=points, max_points=max_points,
                    late_penalty=late_penalty, updated_at=datetime.now(UTC),
                )
            )
        )  # fmt: skip

    def grade(self, student_id: str, assignment: str) -> GradebookGrade | None:
        """The gradebook's grade, as it was last copied by `set_grade`."""

        def load(session: Session) -> GradebookGrade | None:
            row = session.get(Grade, (student_id, assignment))
            return None if row is None else GradebookGrade(row.points, row.late_penalty)

        return self._database.transact(load)

    def share_taken(self, student_id: str, assignment: str) -> Fraction | None:
        """The share of the points that being late costs; None where nbgrader alone decides about penalties."""

        def load(session: Session) -> Fraction | None:
            row = session.get(CountedWork, (student_id, assignment))
            return None if row is None or row.taken is None else Fraction(row.taken)

        return self._database.transact(load)

    def set_feedback(self, student_id: str, assignment: str, html: bytes) -> bool:
        """Keep the feedback page that a student reads; False where the database knows no such student or assignment."""
        row = Feedback(
            student_id=student_id, assignment=assignment, made_at=datetime.now(UTC), html_zlib=zlib.compress(html)
        )

        def store(session: Session) -> bool:
            is_known = session.get(Student, student_id) is not None and session.get(Assignment, assignment) is not None
            if is_known:
                session.merge(row)
            return is_known

        return self._database.transact(store)

    def set_rules(self, rules: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Store what the page has to know of each assignment."""
        known = list(rules)

        def store(session: Session) -> None:
            for slug, plain in known:
                session.merge(PageRules(assignment=slug, rules_json=plain))

        self._database.transact(store)

    def rules(self) -> dict[str, dict[str, Any]]:
        """What the page has to know, by assignment."""
        return self._database.transact(
            lambda session: {row.assignment: row.rules_json for row in session.scalars(select(PageRules))}
        )


def feedback_of(board: Board, student_id: str, assignment: str) -> bytes | None:
    """The feedback page of a student's last graded submission, HTML."""
    query = select(Feedback.html_zlib).where(Feedback.student_id == student_id, Feedback.assignment == assignment)
    with board.connection() as connection:
        found = connection.execute(query).scalar()
    return None if found is None else zlib.decompress(found)


def rules_of(board: Board) -> dict[str, dict[str, Any]]:
    """What the page has to know, by assignment."""
    with board.connection() as connection:
        rows = connection.execute(select(PageRules.assignment, PageRules.rules_json))
        return {slug: plain for slug, plain in rows}  # noqa: C416  rows are not pairs to mypy


def grades_of(board: Board, student_id: str | None = None) -> list[GradeRecord]:
    """Grades by assignment and student; of one student where one is named. Names are in them: not for everybody."""
    query = (
        select(
            Student.id,
            Student.name,
            Student.alias,
            Assignment.slug,
            Grade.points,
            Assignment.max_points,
            Grade.late_penalty,
            Override.points,
            Override.reason,
        )
        .select_from(Student)
        .join(Assignment, Assignment.slug.is_not(None))
        .outerjoin(Grade, (Grade.student_id == Student.id) & (Grade.assignment == Assignment.slug))
        .outerjoin(Override, (Override.student_id == Student.id) & (Override.assignment == Assignment.slug))
        .order_by(Assignment.is_contest, Assignment.position, Student.id)
    )
    if student_id is not None:
        query = query.where(Student.id == student_id)
    with board.connection() as connection:
        return [
            GradeRecord(student, name, alias, slug, points, most, late or 0.0, override, reason or "")
            for student, name, alias, slug, points, most, late, override, reason in connection.execute(query)
        ]


def audit_log(board: Board, limit: int = 200) -> list[AuditRecord]:
    """What teachers did, the newest first."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    with board.connection() as connection, Session(connection) as session:
        return [_audit(row) for row in session.scalars(query)]


def outcome_of(board: Board, request_id: str) -> AuditRecord | None:
    """What came of a request of the page's; None while it waits."""
    query = select(AuditEntry).where(AuditEntry.request_id == request_id)
    with board.connection() as connection, Session(connection) as session:
        row = session.scalars(query).first()
        return None if row is None else _audit(row)


def audit_lines(database: ClassDatabase, limit: int = 200) -> list[AuditRecord]:
    """What teachers did, the newest first; for the command line, which has the database open for writing."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    load: Callable[[Session], list[AuditRecord]] = lambda session: [_audit(row) for row in session.scalars(query)]  # noqa: E731
    return database.transact(load)


def _entry(author: str, action: str, subject: str, detail: str, request_id: str | None) -> AuditEntry:
    return AuditEntry(
        at=datetime.now(UTC), author=author, action=action, subject=subject, detail=detail, request_id=request_id
    )


def _audit(row: AuditEntry) -> AuditRecord:
    return AuditRecord(row.at, row.author, row.action, row.subject, row.detail)
