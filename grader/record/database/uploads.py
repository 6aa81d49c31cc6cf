"""Files that came through the page: one row each, with its state. The watcher is the only one to write here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from grader.record.database.page_records import UploadRecord
from grader.record.database.page_schema import Upload
from grader.record.database.queries import Board
from grader.record.database.records import RunState
from grader.record.database.store import ClassDatabase

OVER = (RunState.SCORED, RunState.FAILED)


class UploadLog:
    """Writes the rows; the watcher alone does."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def note(self, record: UploadRecord) -> None:
        """Store an upload that was not known; a known one stays as it is."""

        def store(session: Session) -> None:
            if session.get(Upload, record.id) is None:
                session.add(Upload(**asdict(record)))

        self._database.transact(store)

    def find(self, upload_id: str) -> UploadRecord | None:
        """The upload with this id."""

        def load(session: Session) -> UploadRecord | None:
            row = session.get(Upload, upload_id)
            return None if row is None else _record(row)

        return self._database.transact(load)

    def earlier(self, record: UploadRecord) -> UploadRecord | None:
        """A scored upload of the same bytes by the same student for the same assignment."""
        query = _same(record.student_id, record.assignment, record.file_sha256).where(Upload.id != record.id)

        def load(session: Session) -> UploadRecord | None:
            row = session.scalars(query.limit(1)).first()
            return None if row is None else _record(row)

        return self._database.transact(load)

    def move(self, upload_id: str, state: RunState, *, message: str = "", run_key: str | None = None) -> None:
        """Set an upload's state; a final state stays."""

        def store(session: Session) -> None:
            row = session.get(Upload, upload_id)
            if row is None or row.state in OVER:
                return
            if row.state is not state:
                row.state, row.state_at = state, datetime.now(UTC)
            row.message = message
            row.run_key = run_key or row.run_key

        self._database.transact(store)


def uploads_of(board: Board, student_id: str, limit: int = 50) -> list[UploadRecord]:
    """A student's uploads, the newest first."""
    query = select(Upload).where(Upload.student_id == student_id).order_by(Upload.received_at.desc()).limit(limit)
    with board.connection() as connection, Session(connection) as session:
        return [_record(row) for row in session.scalars(query)]


def scored_already(board: Board, student_id: str, assignment: str, file_sha256: str) -> UploadRecord | None:
    """The student's scored upload of the same bytes, if there is one."""
    with board.connection() as connection, Session(connection) as session:
        row = session.scalars(_same(student_id, assignment, file_sha256).limit(1)).first()
        return None if row is None else _record(row)


def waiting(board: Board) -> list[UploadRecord]:
    """All uploads that are not over, the oldest first: the queue."""
    query = select(Upload).where(Upload.state.not_in(OVER)).order_by(Upload.received_at, Upload.id)
    with board.connection() as connection, Session(connection) as session:
        return [_record(row) for row in session.scalars(query)]


def _same(student_id: str, assignment: str, file_sha256: str) -> Select[Any]:
    return (
        select(Upload)
        .where(
            Upload.student_id == student_id,
            Upload.assignment == assignment,
            Upload.file_sha256 == file_sha256,
            Upload.state == RunState.SCORED,
        )
        .order_by(Upload.received_at)
    )


def _record(row: Upload) -> UploadRecord:
    return UploadRecord(
        row.id, row.student_id, row.assignment, row.filename, row.file_sha256, row.received_at, row.state,
        row.state_at, row.run_key, row.message,
    )  # fmt: skip
