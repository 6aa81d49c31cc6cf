"""Integrity reports for the teacher's page. Names are in them: only a teacher's page may ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.record.database.page_schema import StoredIntegrity
from grader.record.database.queries import Board
from grader.record.database.schema import Assignment
from grader.record.database.store import ClassDatabase


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """One finding in one language; students by id."""

    language: str
    what: str
    students: tuple[str, ...]
    details: str


@dataclass(frozen=True, slots=True)
class IntegrityRecord:
    """The report of one assignment.

    Attributes:
        asked_at: since when a teacher waits for a new one; None where nobody does.
        made_at: when it was made; None where there is none yet.
        students: how many were compared.
        predictions: how many of them by predictions.
        findings: in every language.
        problem: why the last try failed; empty where it did not.
    """

    asked_at: datetime | None = None
    made_at: datetime | None = None
    students: int = 0
    predictions: int = 0
    findings: tuple[FindingRecord, ...] = ()
    problem: str = ""


class IntegrityReports:
    """Writes reports, and the wish for one."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def ask(self, assignment: str) -> None:
        """Note that a teacher wants a new report."""

        def note(session: Session) -> None:
            _row(session, assignment).asked_at = datetime.now(UTC)

        self._database.transact(note)

    def asked(self) -> list[str]:
        """The assignments of which a new report is wanted, the longest waiting first."""
        query = (
            select(StoredIntegrity.assignment)
            .where(StoredIntegrity.asked_at.is_not(None))
            .order_by(StoredIntegrity.asked_at)
        )
        return self._database.transact(lambda session: list(session.scalars(query)))

    def store(self, assignment: str, students: int, predictions: int, findings: Sequence[FindingRecord]) -> None:
        """Replace the report; an assignment that the database does not know has none."""

        def write(session: Session) -> None:
            if session.get(Assignment, assignment) is None:
                return
            row = _row(session, assignment)
            row.asked_at, row.made_at, row.problem = None, datetime.now(UTC), ""
            row.students, row.predictions = students, predictions
            row.findings_json = [asdict(one) for one in findings]

        self._database.transact(write)

    def fail(self, assignment: str, problem: str) -> None:
        """Say why there is no new report; the earlier one stays."""

        def write(session: Session) -> None:
            row = _row(session, assignment)
            row.asked_at, row.problem = None, problem

        self._database.transact(write)


def integrity_of(board: Board, assignment: str) -> IntegrityRecord:
    """The report of one assignment."""
    query = select(StoredIntegrity).where(StoredIntegrity.assignment == assignment)
    with board.connection() as connection, Session(connection) as session:
        row = session.scalars(query).first()
        if row is None:
            return IntegrityRecord()
        found = tuple(
            FindingRecord(one["language"], one["what"], tuple(one["students"]), one["details"])
            for one in row.findings_json
        )
        return IntegrityRecord(row.asked_at, row.made_at, row.students, row.predictions, found, row.problem)


def _row(session: Session, assignment: str) -> StoredIntegrity:
    row = session.get(StoredIntegrity, assignment)
    if row is None:
        row = StoredIntegrity(
            assignment=assignment, asked_at=None, made_at=None, students=0, predictions=0, findings_json=[], problem=""
        )
        session.add(row)
    return row
