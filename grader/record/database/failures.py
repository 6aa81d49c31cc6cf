"""Where a student's networks fail: of the newest submission, and of the one before, to say what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, null, select, update
from sqlalchemy.orm import Session

from grader.record.database.queries import Board
from grader.record.database.schema import Run, StoredFailures, Submission
from grader.scoring.failures import Failures


@dataclass(frozen=True, slots=True)
class OwnFailures:
    """Where a student's network fails; for that student alone.

    Attributes:
        received_at: when its submission was handed in, UTC.
        now: of the newest submission that has something.
        before: of the last one before it whose network has named pictures.
    """

    received_at: datetime
    now: Failures
    before: Failures | None


def failures_of(board: Board, student_id: str, assignment: str) -> OwnFailures | None:
    """Where the student's network fails; None where no submission has said anything."""
    own = select(Submission.id).where(Submission.student_id == student_id, Submission.assignment == assignment)
    latest = select(func.max(Run.id)).where(Run.submission_id.in_(own)).group_by(Run.submission_id)
    query = (
        select(Submission.received_at, StoredFailures.found_json, StoredFailures.pictures_json)
        .join(Run, Run.submission_id == Submission.id)
        .join(StoredFailures, StoredFailures.run_id == Run.id)
        .where(Run.id.in_(latest))
        .order_by(Submission.received_at.desc(), Submission.id.desc())
    )
    with board.connection() as connection:
        rows = [(at, Failures.from_json(found), pictures) for at, found, pictures in connection.execute(query)]
    known = [(at, found.with_pictures(pictures or ())) for at, found, pictures in rows if found is not None]
    if not known:
        return None
    at, now = known[0]
    return OwnFailures(at, now, next((found for _at, found in known[1:] if found.total), None))


def drop_earlier_pictures(session: Session, newest: StoredFailures) -> None:
    """Keep pictures of a student's newest run alone."""
    session.execute(
        update(StoredFailures)
        .where(
            StoredFailures.student_id == newest.student_id,
            StoredFailures.assignment == newest.assignment,
            StoredFailures.run_id != newest.run_id,
        )
        .values(pictures_json=null())
    )
