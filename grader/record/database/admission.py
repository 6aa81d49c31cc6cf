"""Taking a submission, or not: the quota is counted and used in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from grader.record.database.late_schema import TeamMember
from grader.record.database.records import RunState
from grader.record.database.schema import Entry, Run, Student, Submission
from grader.scoring.quota import Allowance, Quota, Use, allowance


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a request to take a submission.

    Attributes:
        is_taken: whether it may be graded: it was taken now, or it is known.
        is_known: whether the same bytes were taken before; they cost nothing, and their old result stands.
        allowance: what was left before; its `message` says why nothing was taken.
    """

    is_taken: bool
    is_known: bool
    allowance: Allowance


def lock(session: Session, student_id: str) -> None:
    """Let no other transaction count this student's submissions until this one ends.

    On SQLite the transaction holds the only write lock already, and the clause is left out.
    """
    session.execute(select(Student.id).where(Student.id == student_id).with_for_update())


def is_known(session: Session, student_id: str, assignment: str, content_sha256: str) -> bool:
    """Whether these bytes were taken before."""
    query = select(Submission.id).where(
        Submission.student_id == student_id,
        Submission.assignment == assignment,
        Submission.content_sha256 == content_sha256,
    )
    return session.scalar(query) is not None


def allowance_of(
    session: Session | Connection, student_id: str, assignment: str, quota: Quota, now: datetime, zone: ZoneInfo
) -> Allowance:
    """What the student has left for this assignment."""
    return allowance(_uses(session, student_id, assignment), quota, now, zone)


def _team(session: Session | Connection, student_id: str, assignment: str) -> list[str]:
    """Whose submissions count: those of everybody who hands in together with this student."""
    own = select(TeamMember.holder_id).where(TeamMember.student_id == student_id, TeamMember.assignment == assignment)
    together = select(TeamMember.student_id).where(
        TeamMember.assignment == assignment, TeamMember.holder_id == own.scalar_subquery()
    )
    return [row[0] for row in session.execute(together)] or [student_id]


def _uses(session: Session | Connection, student_id: str, assignment: str) -> list[Use]:
    """Every submission; invalid is one that was run to its end, and never to a valid score."""
    ended = (RunState.SCORED, RunState.FAILED)
    query = (
        select(
            func.coalesce(Submission.admitted_at, Submission.received_at, type_=Submission.received_at.type),
            func.count(Run.id).filter(Run.state.in_(ended)),
            func.count(Run.id).filter(Run.state.not_in(ended)),
            func.count(Entry.run_id),
        )
        .select_from(Submission)
        .outerjoin(Run, Run.submission_id == Submission.id)
        .outerjoin(Entry, Entry.run_id == Run.id)
        .where(Submission.student_id.in_(_team(session, student_id, assignment)), Submission.assignment == assignment)
        .group_by(Submission.id)
    )
    return [
        Use(at, is_invalid=done > 0 and going_on == 0 and scored == 0)
        for at, done, going_on, scored in session.execute(query)
    ]
