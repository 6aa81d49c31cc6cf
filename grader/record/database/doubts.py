"""Students' questions about a task, and what teachers said and did about them: a thread that both see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from grader.record.database.hand_records import DoubtEvent, DoubtLineRecord, DoubtRecord
from grader.record.database.hand_schema import Doubt, DoubtLine
from grader.record.database.queries import Board
from grader.record.database.store import ClassDatabase


class Doubts:
    """Writes questions and what follows."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def ask(self, student_id: str, assignment: str, grade_id: str, author: str, text: str) -> int:
        """Add to the student's open thread on this task, or open one; its number."""

        def store(session: Session) -> int:
            query = select(Doubt).where(
                Doubt.student_id == student_id,
                Doubt.assignment == assignment,
                Doubt.grade_id == grade_id,
                Doubt.closed_at.is_(None),
            )
            row = session.scalars(query).first()
            if row is None:
                row = Doubt(
                    student_id=student_id, assignment=assignment, grade_id=grade_id, opened_at=datetime.now(UTC),
                    closed_at=None,
                )  # fmt: skip
                session.add(row)
                session.flush()
            session.add(_line(row.id, DoubtEvent.ASKED, author, text))
            return row.id

        return self._database.transact(store)

    def add(
        self,
        doubt_id: int,
        event: DoubtEvent,
        author: str,
        text: str = "",
        points: tuple[float | None, float | None] = (None, None),
    ) -> None:
        """Add a line; one that closes the thread closes it."""

        def store(session: Session) -> None:
            session.add(_line(doubt_id, event, author, text, points))
            row = session.get(Doubt, doubt_id)
            if row is not None and event is DoubtEvent.CLOSED:
                row.closed_at = datetime.now(UTC)

        self._database.transact(store)

    def find(self, doubt_id: int) -> DoubtRecord | None:
        """One thread."""
        query = select(Doubt).where(Doubt.id == doubt_id)
        return next(iter(self._database.transact(_loading(query))), None)

    def open_of(self, student_id: str) -> list[DoubtRecord]:
        """A student's threads that are not closed."""
        query = select(Doubt).where(Doubt.student_id == student_id, Doubt.closed_at.is_(None))
        return self._database.transact(_loading(query))

    def waiting(self) -> list[DoubtRecord]:
        """The threads in which the last word was a student's."""
        query = select(Doubt).where(Doubt.closed_at.is_(None)).order_by(Doubt.id)
        return [one for one in self._database.transact(_loading(query)) if one.is_waiting]

    def asked_since(self, student_id: str, ago: timedelta) -> int:
        """How many lines a student has written in that time."""
        query = (
            select(func.count())
            .select_from(DoubtLine)
            .join(Doubt, Doubt.id == DoubtLine.doubt_id)
            .where(
                Doubt.student_id == student_id,
                DoubtLine.event == DoubtEvent.ASKED,
                DoubtLine.at > datetime.now(UTC) - ago,
            )
        )
        return self._database.transact(lambda session: session.scalar(query) or 0)


def doubts_of(board: Board, student_id: str, assignment: str | None = None) -> list[DoubtRecord]:
    """One student's threads, the newest first."""
    query = select(Doubt).where(Doubt.student_id == student_id).order_by(Doubt.id.desc())
    if assignment is not None:
        query = query.where(Doubt.assignment == assignment)
    return _read(board, query)


def every_doubt(board: Board, limit: int = 200) -> list[DoubtRecord]:
    """All threads, those first in which a student waits, then open ones, then closed ones; for a teacher alone."""
    found = _read(board, select(Doubt).order_by(Doubt.closed_at.is_not(None), Doubt.id.desc()).limit(limit))
    return sorted(found, key=lambda one: (not one.is_waiting, one.closed_at is not None))


def waiting_doubts(board: Board) -> int:
    """How many students wait for a word."""
    return sum(one.is_waiting for one in _read(board, select(Doubt).where(Doubt.closed_at.is_(None))))


def _read(board: Board, query: Select[Any]) -> list[DoubtRecord]:
    with board.connection() as connection, Session(connection) as session:
        return _loading(query)(session)


def _loading(query: Select[Any]) -> Callable[[Session], list[DoubtRecord]]:
    def load(session: Session) -> list[DoubtRecord]:
        rows: Sequence[Doubt] = session.scalars(query).all()
        lines: dict[int, list[DoubtLineRecord]] = {row.id: [] for row in rows}
        said = select(DoubtLine).where(DoubtLine.doubt_id.in_(lines)).order_by(DoubtLine.id)
        for line in session.scalars(said):
            record = DoubtLineRecord(line.at, line.event, line.author, line.text, line.points_before, line.points_after)
            lines[line.doubt_id].append(record)
        return [
            DoubtRecord(
                row.id, row.student_id, row.assignment, row.grade_id, row.opened_at, row.closed_at,
                tuple(lines[row.id]),
            )
            for row in rows
            if lines[row.id]
        ]  # fmt: skip

    return load


def _line(
    doubt_id: int,
    event: DoubtEvent,
    author: str,
    text: str,
    points: tuple[float | None, float | None] = (None, None),
) -> DoubtLine:
    return DoubtLine(
        doubt_id=doubt_id, at=datetime.now(UTC), event=event, author=author, text=text, points_before=points[0],
        points_after=points[1],
    )  # fmt: skip
