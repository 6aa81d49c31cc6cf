"""The class database for its one writer: the grader's coordinator and the teacher's commands."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session, joinedload

from grader.course.database_url import database_fault, explain_faults, parse, shown, sqlite_path
from grader.errors import EnvironmentFault, disk_fault
from grader.language import _
from grader.record.database import admission, aliases, revisions
from grader.record.database.admission import Admission
from grader.record.database.engine import writing
from grader.record.database.failures import drop_earlier_pictures
from grader.record.database.records import AssignmentRecord, RunRecord, RunReport, RunState
from grader.record.database.revisions import SchemaState
from grader.record.database.rows import latest_of_each, report_of, run_row, submission_row
from grader.record.database.schema import Assignment, Run, Student, Submission
from grader.scoring.quota import Allowance, Quota

_T = TypeVar("_T")
# On PostgreSQL two writers may insert the same student, alias or key; the loser tries again and then sees the row.
_ATTEMPTS = 5


class ClassDatabase:
    """Students, submissions, runs and contest entries of one class.

    Every method is one transaction: a process that dies in the middle of one leaves nothing of it. Every method raises
    EnvironmentFault where the database does not answer: a full disk, a lock that nobody gives back.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open the database and bring its tables to this grader's revision.

        Args:
            url: `sqlite:///path/to/class.db`, or a PostgreSQL URL.
            create: make the SQLite file (and its folder) where there is none yet.

        Raises:
            EnvironmentFault: the database is missing, cannot be opened, belongs to something else or to a newer
                grader.
        """
        parsed = parse(url)
        _prepare_file(parsed, create=create)
        engine = writing(parsed)
        try:
            _bring_up_to_date(engine, shown(parsed))
        except (DatabaseError, sqlite3.Error) as error:
            engine.dispose()
            raise database_fault(error, f"The class database {shown(parsed)} cannot be opened") from error
        except EnvironmentFault:
            engine.dispose()
            raise
        explain_faults(engine, f"The class database {shown(parsed)}")
        return cls(engine, parsed)

    def renew(self) -> None:
        """Open the file again, after it was replaced or deleted.

        Raises:
            EnvironmentFault: it cannot be opened; see `open`.
        """
        self._engine.dispose()
        _prepare_file(self._url, create=True)
        _bring_up_to_date(self._engine, shown(self._url))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def ensure_student(self, student_id: str, name: str | None = None) -> str:
        """The student's alias; drawn now if the student is new. A name given here replaces the stored one."""
        return self._transact(lambda session: _student(session, student_id, name).alias)

    def has_student(self, student_id: str) -> bool:
        """Whether the class knows this student."""
        return self._transact(lambda session: session.get(Student, student_id) is not None)

    def students(self) -> list[str]:
        """Ids of all students whom the class knows."""
        return self._transact(lambda session: list(session.scalars(select(Student.id).order_by(Student.id))))

    def max_points(self, slug: str) -> float | None:
        """The most points that an assignment gives; None where there is no such assignment."""
        return self._transact(
            lambda session: session.scalar(select(Assignment.max_points).where(Assignment.slug == slug))
        )

    def ensure_assignments(self, assignments: Iterable[AssignmentRecord]) -> None:
        """Store what the class now says of its assignments, so that the page knows them before the first run."""
        known = list(assignments)

        def store(session: Session) -> None:
            for assignment in known:
                _assignment(session, assignment)

        self._transact(store)

    def has_run(self, key: str) -> bool:
        """Whether a run with this ledger key was scored; a failed one is worth trying again."""
        query = select(Run.id).where(Run.key == key, Run.state == RunState.SCORED)
        return self._transact(lambda session: session.scalar(query) is not None)

    def scored_keys(self) -> set[str]:
        """The ledger keys of all runs that were scored."""
        query = select(Run.key).where(Run.state == RunState.SCORED)
        return self._transact(lambda session: set(session.scalars(query)))

    def record_run(self, record: RunRecord, *, anew: bool = False) -> bool:
        """Store a run with its student, assignment, submission and contest entry.

        A scored run is final: the same key again changes nothing. A run in any other state gives way to the new one.

        Args:
            record: the run.
            anew: whether a scored run under the same key gives way too, because its result was lost.

        Returns:
            Whether anything was stored.
        """
        return self._transact(lambda session: _record(session, record, anew))

    def admit(
        self,
        *,
        student_id: str,
        assignment: AssignmentRecord,
        content_sha256: str,
        source: str,
        received_at: datetime,
        quota: Quota,
        now: datetime,
        zone: ZoneInfo,
        student_name: str | None = None,
    ) -> Admission:
        """Take a submission if the student's quota allows it. Counting and taking are one transaction.

        The same bytes again are known and cost nothing. What is taken counts until its run has failed or has given
        no valid score; from then on it counts as invalid.

        Args:
            student_id: whose it is; a new student is made.
            assignment: what it answers.
            content_sha256: of everything handed in, see `grader.record.ledger.submission_hash`.
            source: where it came from.
            received_at: when it was handed in; decides about lateness.
            quota: the class's.
            now: decides on which day it counts; with a time zone.
            zone: the class's.
            student_name: see `ensure_student`.
        """

        def take(session: Session) -> Admission:
            _student(session, student_id, student_name)
            admission.lock(session, student_id)
            left = admission.allowance_of(session, student_id, assignment.slug, quota, now, zone)
            if admission.is_known(session, student_id, assignment.slug, content_sha256):
                return Admission(is_taken=True, is_known=True, allowance=left)
            if left.message:
                return Admission(is_taken=False, is_known=False, allowance=left)
            _assignment(session, assignment)
            session.add(
                Submission(
                    student_id=student_id,
                    assignment=assignment.slug,
                    content_sha256=content_sha256,
                    source=source,
                    received_at=received_at,
                    admitted_at=now,
                )
            )
            return Admission(is_taken=True, is_known=False, allowance=left)

        return self._transact(take)

    def allowance(self, student_id: str, slug: str, quota: Quota, now: datetime, zone: ZoneInfo) -> Allowance:
        """What a student has left for an assignment: of today, in total, and when it resets."""
        return self._transact(lambda session: admission.allowance_of(session, student_id, slug, quota, now, zone))

    def reports(
        self, *, assignment: str | None = None, student_id: str | None = None, every_run: bool = False
    ) -> list[RunReport]:
        """Stored runs with the students' real names, for the teacher; by assignment, then by student.

        Args:
            assignment: slug, or None for all.
            student_id: roster id, or None for all.
            every_run: every run, oldest first, instead of one per student and assignment: the latest run of the
                submission received last.
        """

        def load(session: Session) -> list[RunReport]:
            query = select(Run).join(Run.submission).options(joinedload(Run.entry))
            if assignment is not None:
                query = query.where(Submission.assignment == assignment)
            if student_id is not None:
                query = query.where(Submission.student_id == student_id)
            order = (Submission.assignment, Submission.student_id, Submission.received_at, Submission.id, Run.id)
            return [report_of(run) for run in session.scalars(query.order_by(*order))]

        found = self._transact(load)
        return found if every_run else latest_of_each(found)

    def transact(self, work: Callable[[Session], _T]) -> _T:
        """Run `work` in one transaction that holds the write lock; for this package's other modules."""
        return self._transact(work)

    def _transact(self, work: Callable[[Session], _T]) -> _T:
        for _attempt in range(_ATTEMPTS - 1):
            try:
                return self._once(work)
            except IntegrityError:
                continue
        return self._once(work)

    def _once(self, work: Callable[[Session], _T]) -> _T:
        with Session(self._engine) as session, session.begin():
            return work(session)


def _prepare_file(url: URL, *, create: bool) -> None:
    path = sqlite_path(url)
    if path is None or path.exists():
        return
    if not create:
        raise EnvironmentFault(
            _("There is no class database at {path}.").format(path=path),
            remedy=_("Grade something first, or check the path."),
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_fault(error, path.parent, "made") from error


def _bring_up_to_date(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        revisions.lock(connection)
        match revisions.schema_state(connection):
            case SchemaState.CURRENT:
                return
            case SchemaState.NEWER:
                raise EnvironmentFault(
                    _(
                        "The class database {name} was written by a newer grader; this one knows tables up to "
                        "revision {newest}."
                    ).format(name=name, newest=revisions.newest()),
                    remedy=_("Update the grader; nothing was changed."),
                )
            case SchemaState.FOREIGN:
                raise EnvironmentFault(
                    _("{name} holds tables of something else, not of a class.").format(name=name),
                    remedy=_("Give the class database a file of its own; nothing was changed."),
                )
            case SchemaState.EMPTY | SchemaState.OLDER:
                revisions.migrate(connection)


def _record(session: Session, record: RunRecord, anew: bool) -> bool:
    earlier = session.scalar(select(Run).where(Run.key == record.key))
    if earlier is not None:
        if earlier.state is RunState.SCORED and not anew:
            return False
        session.delete(earlier)
        session.flush()
    _student(session, record.student_id, record.student_name)
    _assignment(session, record.assignment)
    row = run_row(submission_row(session, record), record)
    session.add(row)
    if row.failures is not None:
        session.flush()
        drop_earlier_pictures(session, row.failures)
    return True


def _student(session: Session, student_id: str, name: str | None) -> Student:
    student = session.get(Student, student_id)
    if student is None:
        student = Student(id=student_id, alias=aliases.draw(lambda alias: _is_taken(session, alias)), name=name)
        session.add(student)
        session.flush()
    elif name is not None:
        student.name = name
    return student


def _is_taken(session: Session, alias: str) -> bool:
    return session.scalar(select(Student.id).where(Student.alias == alias)) is not None


def _assignment(session: Session, record: AssignmentRecord) -> None:
    stored = session.get(Assignment, record.slug)
    position = record.position
    if position is None:
        position = _last_position(session) + 1 if stored is None else stored.position
    session.merge(
        Assignment(
            slug=record.slug,
            title=record.title,
            max_points=record.max_points,
            is_contest=record.is_contest,
            deadline=record.deadline,
            position=position,
        )
    )
    session.flush()


def _last_position(session: Session) -> int:
    return session.scalar(select(func.max(Assignment.position))) or 0
