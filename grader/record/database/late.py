"""Extensions, what counts of each student's work, and teams: for the one writer, and for the page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select
from sqlalchemy.orm import Session

from grader.record.database.late_schema import CountedWork, Extension, TeamMember
from grader.record.database.queries import Board
from grader.record.database.records import RunState
from grader.record.database.schema import Run, Submission
from grader.record.database.store import ClassDatabase

Place = tuple[str, str]
"""A student's id and an assignment's slug."""


@dataclass(frozen=True, slots=True)
class ExtensionRecord:
    """A later deadline for one student.

    Attributes:
        until: the deadline that holds instead, UTC.
        reason: for the student, too.
        author: who gave it.
        made_at: when.
    """

    student_id: str
    assignment: str
    until: datetime
    reason: str
    author: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CountedRecord:
    """The submission that is a student's grade, and what being late costs it.

    Attributes:
        run_key: of its result.
        received_at: when it was received, UTC.
        due_at: when it was due, extension included; None where there is no deadline.
        days_late: days begun since then.
        days_free: so many of them are paid with late days.
        taken: the share of the points that is taken off; None where nbgrader alone decides.
        days_left: late days that the student still has; None where the class has none.
        of_submissions: how many graded submissions it was chosen from.
    """

    student_id: str
    assignment: str
    run_key: str
    received_at: datetime
    due_at: datetime | None
    days_late: int
    days_free: int
    taken: Fraction | None
    days_left: int | None = None
    of_submissions: int = 1


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A scored run of a submission, for choosing what counts."""

    student_id: str
    assignment: str
    submission_id: int
    run_id: int
    key: str
    received_at: datetime
    points: float


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a team in one assignment; what the team hands in lies under its holder."""

    student_id: str
    assignment: str
    team: str
    holder_id: str


class LateBook:
    """Reads and writes what there is about time."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def extend(self, record: ExtensionRecord) -> None:
        """Give an extension, in place of an earlier one."""
        row = Extension(
            student_id=record.student_id, assignment=record.assignment, until=record.until, reason=record.reason,
            author=record.author, made_at=record.made_at,
        )  # fmt: skip
        self._database.transact(lambda session: session.merge(row))

    def drop_extension(self, student_id: str, assignment: str) -> bool:
        """Let the class's deadline hold again; whether there was an extension."""

        def drop(session: Session) -> bool:
            row = session.get(Extension, (student_id, assignment))
            if row is not None:
                session.delete(row)
            return row is not None

        return self._database.transact(drop)

    def extensions(self) -> dict[Place, ExtensionRecord]:
        """All extensions."""
        return self._database.transact(lambda session: _extensions(session.connection(), select(Extension.__table__)))

    def runs(self, students: Collection[str] | None = None) -> list[ScoredRun]:
        """Scored runs, oldest first; of these students, or of everybody."""
        query = (
            select(
                Submission.student_id, Submission.assignment, Submission.id, Run.id, Run.key, Submission.received_at,
                Run.points,
            )
            .join(Run, Run.submission_id == Submission.id)
            .where(Run.state == RunState.SCORED)
            .order_by(Run.id)
        )  # fmt: skip
        if students is not None:
            query = query.where(Submission.student_id.in_(students))
        return self._database.transact(lambda session: [_scored(row) for row in session.execute(query)])

    def counted(self, students: Collection[str] | None = None) -> dict[Place, CountedRecord]:
        """What counts, as it was written last."""
        query = select(CountedWork.__table__)
        if students is not None:
            query = query.where(CountedWork.student_id.in_(students))
        return self._database.transact(lambda session: _counted(session.connection(), query))

    def count(self, record: CountedRecord) -> None:
        """Keep what counts of a student's work."""
        fields = {name: getattr(record, name) for name in CountedRecord.__slots__}
        row = CountedWork(**fields | {"taken": None if record.taken is None else str(record.taken)})
        self._database.transact(lambda session: session.merge(row))

    def members(self) -> dict[Place, Member]:
        """Members of teams, by student and assignment."""
        return self._database.transact(lambda session: _members(session.connection()))

    def set_members(self, members: Iterable[Member]) -> None:
        """Let these be the teams."""
        rows = [
            TeamMember(student_id=one.student_id, assignment=one.assignment, team=one.team, holder_id=one.holder_id)
            for one in members
        ]

        def store(session: Session) -> None:
            session.execute(delete(TeamMember))
            session.add_all(rows)

        self._database.transact(store)

    def extension_mark(self) -> tuple[int, datetime | None]:
        """Something that changes whenever an extension is given or taken back."""
        query = select(func.count(), func.max(Extension.made_at)).select_from(Extension)

        def load(session: Session) -> tuple[int, datetime | None]:
            number, newest = session.execute(query).one()
            return number, newest

        return self._database.transact(load)


def extensions_of(board: Board, student_id: str | None = None) -> dict[Place, ExtensionRecord]:
    """Extensions of the class, or of one student."""
    query = select(Extension.__table__)
    if student_id is not None:
        query = query.where(Extension.student_id == student_id)
    with board.connection() as connection:
        return _extensions(connection, query)


def counted_of(board: Board, student_id: str | None = None) -> dict[Place, CountedRecord]:
    """What counts of the class's work, or of one student's."""
    query = select(CountedWork.__table__)
    if student_id is not None:
        query = query.where(CountedWork.student_id == student_id)
    with board.connection() as connection:
        return _counted(connection, query)


def members_of(board: Board) -> dict[Place, Member]:
    """Members of teams, by student and assignment."""
    with board.connection() as connection:
        return _members(connection)


def together_with(members: Mapping[Place, Member], student_id: str, assignment: str) -> list[str]:
    """Everybody who hands an assignment in together with a student, or the student alone."""
    own = members.get((student_id, assignment))
    if own is None:
        return [student_id]
    return [s for (s, slug), one in members.items() if slug == assignment and one.holder_id == own.holder_id]


def _scored(row: Any) -> ScoredRun:
    return ScoredRun(*row)


def _extensions(connection: Connection, query: Select[Any]) -> dict[Place, ExtensionRecord]:
    found = [ExtensionRecord(**row._mapping) for row in connection.execute(query)]
    return {(one.student_id, one.assignment): one for one in found}


def _counted(connection: Connection, query: Select[Any]) -> dict[Place, CountedRecord]:
    found = [CountedRecord(**_with_fraction(row)) for row in connection.execute(query)]
    return {(one.student_id, one.assignment): one for one in found}


def _with_fraction(row: Any) -> dict[str, Any]:
    fields = dict(row._mapping)
    return fields if fields["taken"] is None else {**fields, "taken": Fraction(fields["taken"])}


def _members(connection: Connection) -> dict[Place, Member]:
    found = [Member(**row._mapping) for row in connection.execute(select(TeamMember.__table__))]
    return {(one.student_id, one.assignment): one for one in found}
