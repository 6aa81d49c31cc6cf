"""The queries of the class's page: aliases and public scores, never a real name and never a private score.

What counts of a submission is its latest scored run, so that a regrade replaces what it regrades and a failed or
running one changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Subquery, func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import aliased

from grader.course.database_url import parse, shown, sqlite_path
from grader.errors import EnvironmentFault
from grader.record.database import revisions
from grader.record.database.admission import allowance_of
from grader.record.database.engine import reading
from grader.record.database.late_schema import TeamMember
from grader.record.database.page_schema import StoredRange
from grader.record.database.records import RunState
from grader.record.database.revisions import SchemaState
from grader.record.database.schema import Assignment, Entry, Run, Student, Submission
from grader.record.database.standings import (
    AssignmentPoints,
    AssignmentSummary,
    Attempt,
    LeaderboardRow,
    OverallRow,
    by_assignment,
    for_everybody,
    rank_assignment,
    rank_overall,
)
from grader.scoring.quota import Allowance, Quota

__all__ = [
    "AssignmentPoints",
    "AssignmentSummary",
    "Board",
    "BoardUnavailable",
    "LeaderboardRow",
    "OverallRow",
    "Unavailable",
]


class Unavailable(StrEnum):
    """Why the page has nothing to show."""

    MISSING = "missing"
    EMPTY = "empty"
    TOO_OLD = "too old"
    TOO_NEW = "too new"
    UNREADABLE = "unreadable"


class BoardUnavailable(EnvironmentFault):
    """The class database cannot be shown; `reason` says why."""

    def __init__(self, reason: Unavailable, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason


class Board:
    """The class database for the page: read-only, one consistent view from `open` to `close`."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        self._engine = engine
        self._connection = connection

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database for reading; never makes or migrates one.

        Raises:
            BoardUnavailable: there is nothing that this page could show.
        """
        try:
            parsed = parse(url)
        except EnvironmentFault as fault:
            raise BoardUnavailable(Unavailable.UNREADABLE, fault.message, remedy=fault.remedy) from fault
        path = sqlite_path(parsed)
        if path is not None and not path.exists():
            raise BoardUnavailable(Unavailable.MISSING, f"There is no class database at {path}.")
        engine = reading(parsed)
        try:
            connection = engine.connect()
            _require_current(connection)
        except (DatabaseError, sqlite3.Error) as error:
            engine.dispose()
            raise BoardUnavailable(Unavailable.UNREADABLE, f"{shown(parsed)} cannot be read.") from error
        except BoardUnavailable:
            connection.close()
            engine.dispose()
            raise
        return cls(engine, connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def connection(self) -> AbstractContextManager[Connection]:
        """The connection, for the package's other queries; a database that fails becomes `BoardUnavailable`."""
        return _answering(self._connection)

    def assignments(self) -> tuple[AssignmentSummary, ...]:
        """Every assignment: the blocks as they were first stored, contests last."""
        query = (
            select(
                Assignment.slug,
                Assignment.title,
                Assignment.max_points,
                Assignment.is_contest,
                Assignment.deadline,
                func.count(Submission.id),
            )
            .outerjoin(Submission, Submission.assignment == Assignment.slug)
            .group_by(Assignment.slug)
            .order_by(Assignment.is_contest, Assignment.position, Assignment.slug)
        )
        with self.connection() as connection:
            return tuple(AssignmentSummary(*row) for row in connection.execute(query))

    def students(self) -> int:
        """How many students are known: who is invited, and whoever has handed something in."""
        with self.connection() as connection:
            return connection.execute(select(func.count(Student.id))).scalar() or 0

    def standings(self, slug: str, until: datetime | None = None) -> tuple[LeaderboardRow, ...]:
        """The students who handed in this assignment, best first; those without a valid score come last, unranked.

        Args:
            slug: the assignment.
            until: only what was handed in until then; None for everything.
        """
        attempts = [found for found in self.attempts(slug) if until is None or found.received_at <= until]
        known = (summary for summary in self.assignments() if summary.slug == slug)
        return tuple(row for summary in known for row in rank_assignment(summary, attempts))

    def last_run(self) -> int:
        """The number of the newest run, and of the newest that the ranges know of, in one number that only grows.

        As long as it is the same, so are the standings with their ranges.
        """
        runs = select(func.max(Run.id)).scalar_subquery()
        ranges = select(func.max(StoredRange.counted_run)).scalar_subquery()
        with self.connection() as connection:
            newest, counted = connection.execute(select(runs, ranges)).one()
        return (newest or 0) + (counted or 0)

    def overall(self) -> tuple[OverallRow, ...]:
        """The students who handed in anything, by the sum of their best points."""
        assignments, attempts = self.assignments(), by_assignment(self.attempts())
        standings = {known.slug: rank_assignment(known, attempts[known.slug]) for known in assignments}
        return rank_overall(assignments, for_everybody(standings, self.team_aliases()))

    def allowance(self, student_id: str, slug: str, quota: Quota, now: datetime, zone: ZoneInfo) -> Allowance:
        """What a student has left for an assignment: of today, in total, and when it resets."""
        with self.connection() as connection:
            return allowance_of(connection, student_id, slug, quota, now, zone)

    def attempts(self, slug: str | None = None) -> list[Attempt]:
        """Every submission of the class, or of one assignment, with what its latest scored run gave."""
        latest = latest_scored_runs()
        query = (
            select(
                Submission.assignment,
                Student.alias,
                Submission.received_at,
                Run.points,
                Entry.correct,
                Entry.total,
                Entry.points,
            )
            .select_from(Submission)
            .join(Student, Student.id == Submission.student_id)
            .outerjoin(latest, latest.c.submission_id == Submission.id)
            .outerjoin(Run, Run.id == latest.c.run_id)
            .outerjoin(Entry, Entry.run_id == Run.id)
        )
        if slug is not None:
            query = query.where(Submission.assignment == slug)
        teams = self.team_aliases()
        with self.connection() as connection:
            found = [Attempt(*row) for row in connection.execute(query)]
        if not teams:
            return found
        return [replace(one, alias=teams.get(one.slug, {}).get(one.alias, one.alias)) for one in found]

    def team_aliases(self) -> dict[str, dict[str, str]]:
        """Under which alias the members of teams stand on a board, by assignment and the member's own alias."""
        member, holder = aliased(Student), aliased(Student)
        query = (
            select(TeamMember.assignment, member.alias, holder.alias)
            .join(member, member.id == TeamMember.student_id)
            .join(holder, holder.id == TeamMember.holder_id)
        )
        found: dict[str, dict[str, str]] = {}
        with self.connection() as connection:
            for slug, alias, shown in connection.execute(query):
                found.setdefault(slug, {})[alias] = shown
        return found


def latest_scored_runs() -> Subquery:
    """The latest scored run of each submission, `submission_id` and `run_id`.

    To be joined, not asked for with `IN`: SQLite would go through all numbers once for each submission.
    """
    return (
        select(Run.submission_id, func.max(Run.id).label("run_id"))
        .where(Run.state == RunState.SCORED)
        .group_by(Run.submission_id)
        .subquery()
    )


@contextmanager
def _answering(connection: Connection) -> Iterator[Connection]:
    try:
        yield connection
    except DatabaseError as error:
        raise BoardUnavailable(Unavailable.UNREADABLE, "The class database stopped answering.") from error


def _require_current(connection: Connection) -> None:
    if revisions.is_current(connection):
        return
    match revisions.schema_state(connection):
        case SchemaState.EMPTY:
            raise BoardUnavailable(Unavailable.EMPTY, "The class database has no tables yet.")
        case SchemaState.FOREIGN:
            raise BoardUnavailable(Unavailable.UNREADABLE, "This database holds something else, not a class.")
        case SchemaState.OLDER:
            raise BoardUnavailable(Unavailable.TOO_OLD, "The class database is of an older grader.")
        case SchemaState.NEWER:
            raise BoardUnavailable(Unavailable.TOO_NEW, "The class database is of a newer grader.")
        case SchemaState.CURRENT:
            return
