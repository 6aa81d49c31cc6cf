"""Ranges of ranks that do not differ significantly: two numbers for each student, computed where the answers are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from grader.record.database.page_schema import StoredRange
from grader.record.database.queries import Board, latest_scored_runs
from grader.record.database.schema import Entry, Run, Student, Submission
from grader.record.database.store import ClassDatabase
from grader.scoring.mcnemar import RankRange


@dataclass(frozen=True, slots=True)
class ShownScore:
    """The contest score of one submission, as its latest scored run gave it.

    Attributes:
        student_id: whose it is.
        key: the run's, under which the ledger has the predictions.
        received_at: when it was handed in, UTC.
        correct: images of the public part that are right.
        total: images of the public part.
        accepted: False where this is the score of an earlier submission, which the Ladder let stand.
    """

    student_id: str
    key: str
    received_at: datetime
    correct: int
    total: int
    accepted: bool


class Ranges:
    """Writes the ranges of a class's contests."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def newest_run(self, assignment: str) -> int:
        """The number of the newest run that gave a score; 0 without any."""
        query = select(func.max(Entry.run_id)).where(Entry.assignment == assignment)
        return self._database.transact(lambda session: session.scalar(query)) or 0

    def counted_run(self, assignment: str) -> int:
        """The newest run that the stored ranges know of; 0 without any."""
        query = select(func.max(StoredRange.counted_run)).where(StoredRange.assignment == assignment)
        return self._database.transact(lambda session: session.scalar(query)) or 0

    def scores(self, assignment: str) -> list[ShownScore]:
        """What the board ranks by: the score of every submission that has one."""
        latest = latest_scored_runs()
        query = (
            select(Submission.student_id, Run.key, Submission.received_at, Entry.correct, Entry.total, Entry.accepted)
            .select_from(Submission)
            .join(latest, latest.c.submission_id == Submission.id)
            .join(Run, Run.id == latest.c.run_id)
            .join(Entry, Entry.run_id == Run.id)
            .where(Submission.assignment == assignment)
        )
        return self._database.transact(lambda session: [ShownScore(*row) for row in session.execute(query)])

    def store(self, assignment: str, ranges: Mapping[str, RankRange], counted_run: int) -> None:
        """Replace the assignment's ranges.

        Args:
            assignment: slug.
            ranges: by student; whoever is not named has none.
            counted_run: the newest run that they know of.
        """

        def write(session: Session) -> None:
            session.execute(delete(StoredRange).where(StoredRange.assignment == assignment))
            session.add_all(
                StoredRange(
                    student_id=student, assignment=assignment, first=one.first, last=one.last, counted_run=counted_run
                )
                for student, one in ranges.items()
            )

        self._database.transact(write)


def ranges_of(board: Board) -> dict[str, dict[str, RankRange]]:
    """The ranges by assignment and alias."""
    query = select(StoredRange.assignment, Student.alias, StoredRange.first, StoredRange.last).join(
        Student, Student.id == StoredRange.student_id
    )
    found: dict[str, dict[str, RankRange]] = defaultdict(dict)
    with board.connection() as connection:
        for slug, alias, first, last in connection.execute(query):
            found[slug][alias] = RankRange(first, last)
    return found
