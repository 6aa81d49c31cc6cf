"""What every reader of the page shares: one view of the class database, made again when a run was added."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from grader.collect.uploads import PageRules
from grader.scoring.baseline import Baseline
from grader.scoring.mcnemar import RankRange
from leaderboard_app.class_database import (
    AssignmentSummary,
    Attempt,
    Board,
    LeaderboardRow,
    OverallRow,
    by_assignment,
    for_everybody,
    hand_points,
    ranges_of,
    rank_assignment,
    rank_overall,
    rules_of,
)
from leaderboard_app.events import Event, latest_events

_DAY = timedelta(hours=24)
_FRESH_S = 2.0


@dataclass(frozen=True, slots=True)
class AssignmentBoard:
    """One assignment with its rows, best first.

    Attributes:
        assignment: what it is about.
        standings: a row per student.
        ranks_yesterday: rank by alias as it was a day before.
        rules: what may be handed in, and the points ladder.
        ranges: by alias, the ranks of a contest that the noise does not tell apart.
        events: what has happened lately, the newest first.
        students: how many the class has.
        by_hand: points for answers of which a teacher has read some.
        teams: under which alias the members of teams stand, by their own.
    """

    assignment: AssignmentSummary
    standings: tuple[LeaderboardRow, ...]
    ranks_yesterday: Mapping[str, int | None]
    rules: PageRules
    ranges: Mapping[str, RankRange]
    events: tuple[Event, ...] = ()
    students: int = 0
    by_hand: float = 0.0
    teams: Mapping[str, str] = field(default_factory=dict)

    def shown_alias(self, alias: str) -> str:
        """Under which alias somebody stands here: the own one, or that of a team."""
        return self.teams.get(alias, alias)

    @property
    def full_points(self) -> float:
        """What can be earned now: answers that a teacher reads count from the first one that was read."""
        full = self.rules.full_points
        return self.assignment.max_points if full is None else full + self.by_hand

    @property
    def points_by_hand(self) -> float:
        """What the assignment gives for answers that a teacher reads, read already or not."""
        full = self.rules.full_points
        return 0.0 if full is None else self.assignment.max_points - full

    def points_of(self, line: LeaderboardRow | Baseline) -> float | None:
        """Points of a row, or those that a baseline's score would be worth; None where there are none."""
        if not isinstance(line, Baseline):
            return line.points
        table = self.rules.table
        return None if table is None else float(table.points_for(line.f1))

    @property
    def reached_goal(self) -> int:
        """How many have the points that everybody is to reach."""
        return sum(row.points is not None and row.points >= self.rules.goal for row in self.standings)

    def row_of(self, alias: str) -> LeaderboardRow | None:
        """The row of one student."""
        shown = self.shown_alias(alias)
        return next((row for row in self.standings if row.alias == shown), None)

    def range_of(self, row: LeaderboardRow) -> RankRange | None:
        """The ranks that this row's cannot be told apart from; None also until a new score is compared."""
        found = self.ranges.get(row.alias)
        return found if found is not None and row.rank is not None and found.first <= row.rank <= found.last else None


@dataclass(frozen=True, slots=True)
class ClassData:
    """All that the page shows to everybody, as it was at one moment.

    Attributes:
        read_at: when it was first read as it is: two views with one moment say the same.
        overall: a row per student, for the whole course.
        boards: one per assignment.
    """

    read_at: datetime
    overall: tuple[OverallRow, ...]
    boards: tuple[AssignmentBoard, ...]

    @property
    def full_points(self) -> float:
        """What the whole course gives without a teacher."""
        return math.fsum(board.full_points for board in self.boards)

    def board(self, slug: str) -> AssignmentBoard | None:
        """The board of one assignment."""
        return next((board for board in self.boards if board.assignment.slug == slug), None)


def with_baselines(board: AssignmentBoard) -> list[LeaderboardRow | Baseline]:
    """The rows, best first, with the baselines where their scores belong, below students of the same score."""

    def place(line: LeaderboardRow | Baseline) -> tuple[bool, float]:
        return (not line.total, -(line.correct or 0) / (line.total or 1))

    return sorted((*board.standings, *board.rules.baselines), key=place)


def load(class_db_url: str) -> ClassData:
    """The class as it is now, give or take a few seconds.

    Raises:
        BoardUnavailable: the database cannot be shown.
    """
    return _shared(class_db_url).latest()


class _Shared:
    """The newest view of one class. One thread reads it anew; the others are given the last one meanwhile."""

    def __init__(self, class_db_url: str) -> None:
        self._url = class_db_url
        self._lock = threading.Lock()
        self._checked_at = 0.0
        self._version: tuple[int, str, str] | None = None
        self._data: ClassData | None = None

    def latest(self) -> ClassData:
        data = self._data
        if data is not None and time.monotonic() - self._checked_at < _FRESH_S:
            return data
        if not self._lock.acquire(blocking=data is None) and data is not None:
            return data
        try:
            if self._data is None or time.monotonic() - self._checked_at >= _FRESH_S:
                self._data = self._read(self._data)
                self._checked_at = time.monotonic()
            return self._data
        except Exception:
            self._data = None  # nobody is shown what is there no more
            raise
        finally:
            self._lock.release()

    def _read(self, known: ClassData | None) -> ClassData:
        """The class as it is; the known view where nothing in it has changed."""
        now = datetime.now(UTC)
        with Board.open(self._url) as board:
            # Rules, deadlines and the places of a day before change without a run: they are looked at every minute.
            version = (board.last_run(), hand_points(board).version, f"{now:%H:%M}")
            if known is not None and version == self._version:
                return known
            found = _read(board, now)
        self._version = version
        return known if known is not None and replace(found, read_at=known.read_at) == known else found


@st.cache_resource(max_entries=2, show_spinner=False)
def _shared(class_db_url: str) -> _Shared:
    return _Shared(class_db_url)


def _read(board: Board, now: datetime) -> ClassData:
    assignments, attempts = board.assignments(), by_assignment(board.attempts())
    by_hand = hand_points(board)
    standings = {
        known.slug: rank_assignment(known, attempts[known.slug], by_hand.of(known.slug)) for known in assignments
    }
    rules, ranges, students, teams = rules_of(board), ranges_of(board), board.students(), board.team_aliases()

    def of(known: AssignmentSummary) -> AssignmentBoard:
        own, rows = attempts[known.slug], standings[known.slug]
        found = AssignmentBoard(
            known,
            rows,
            _ranks(known, own, rows, now - _DAY),
            PageRules.from_json(rules.get(known.slug, {})),
            ranges.get(known.slug, {}),
            students=students,
            by_hand=by_hand.begun.get(known.slug, 0.0),
            teams=teams.get(known.slug, {}),
        )
        return replace(found, events=latest_events(known, own, found.full_points, found.rules.baselines))

    return ClassData(
        read_at=now,
        overall=rank_overall(assignments, for_everybody(standings, teams)),
        boards=tuple(of(known) for known in assignments),
    )


def _ranks(
    assignment: AssignmentSummary, attempts: Sequence[Attempt], rows: Sequence[LeaderboardRow], until: datetime
) -> dict[str, int | None]:
    """Ranks by alias as they were; `rows` are those of today."""
    known = [attempt for attempt in attempts if attempt.received_at <= until]
    then = rows if len(known) == len(attempts) else rank_assignment(assignment, known)
    return {row.alias: row.rank for row in then}
