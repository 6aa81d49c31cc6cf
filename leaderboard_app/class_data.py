"""What every reader of the page shares: one view of the class database, made again when a run was added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import streamlit as st

from grader.database.decisions import rules_of
from grader.database.queries import AssignmentSummary, Board, OverallStanding, Standing
from grader.database.ranges import ranges_of
from grader.handing_in import PageRules
from grader.scoring.mcnemar import RankRange

_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AssignmentBoard:
    """One assignment with its rows, best first.

    Attributes:
        assignment: what it is about.
        standings: a row per student.
        ranks_yesterday: rank by alias as it was a day before.
        rules: what may be handed in, and the points ladder.
        ranges: by alias, the ranks of a contest that the noise does not tell apart.
    """

    assignment: AssignmentSummary
    standings: tuple[Standing, ...]
    ranks_yesterday: Mapping[str, int | None]
    rules: PageRules
    ranges: Mapping[str, RankRange]

    def row_of(self, alias: str) -> Standing | None:
        """The row of one student."""
        return next((row for row in self.standings if row.alias == alias), None)

    def range_of(self, row: Standing) -> RankRange | None:
        """The ranks that this row's cannot be told apart from; None also until a new score is compared."""
        found = self.ranges.get(row.alias)
        return found if found is not None and row.rank is not None and found.first <= row.rank <= found.last else None


@dataclass(frozen=True, slots=True)
class ClassData:
    """All that the page shows to everybody, as it was at one moment."""

    read_at: datetime
    overall: tuple[OverallStanding, ...]
    boards: tuple[AssignmentBoard, ...]

    def board(self, slug: str) -> AssignmentBoard | None:
        """The board of one assignment."""
        return next((board for board in self.boards if board.assignment.slug == slug), None)


def load(class_db_url: str) -> ClassData:
    """The class as it is now, give or take a few seconds.

    Raises:
        BoardUnavailable: the database cannot be shown.
    """
    return _load(class_db_url, _version(class_db_url))


@st.cache_data(ttl=2, show_spinner=False)
def _version(class_db_url: str) -> tuple[int, str]:
    """Changes when the shared view may have: with a new run, and every minute."""
    with Board.open(class_db_url) as board:
        return board.last_run(), f"{datetime.now(UTC):%H:%M}"


# A resource: nobody can change it, and copying a thousand rows for every refresh of every tab costs more than the rest.
@st.cache_resource(max_entries=2, show_spinner=False)
def _load(class_db_url: str, of_version: tuple[int, str]) -> ClassData:
    now = datetime.now(UTC)
    with Board.open(class_db_url) as board:
        rules, ranges = rules_of(board), ranges_of(board)
        return ClassData(
            read_at=now,
            overall=board.overall(),
            boards=tuple(
                AssignmentBoard(
                    known,
                    board.standings(known.slug),
                    {row.alias: row.rank for row in board.standings(known.slug, until=now - _DAY)},
                    PageRules.from_json(rules.get(known.slug, {})),
                    ranges.get(known.slug, {}),
                )
                for known in board.assignments()
            ),
        )
