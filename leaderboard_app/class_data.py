"""What every reader of the page shares: one view of the class database, kept for ten seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from grader.database.queries import AssignmentSummary, Board, OverallStanding, Standing


@dataclass(frozen=True, slots=True)
class AssignmentBoard:
    """One assignment with its rows, best first."""

    assignment: AssignmentSummary
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class ClassData:
    """All that the page shows, as it was at one moment."""

    read_at: datetime
    overall: tuple[OverallStanding, ...]
    boards: tuple[AssignmentBoard, ...]


@st.cache_data(ttl=10, show_spinner=False)
def load(class_db_url: str) -> ClassData:
    """The class as it is now, give or take ten seconds.

    Raises:
        BoardUnavailable: the database cannot be shown.
    """
    with Board.open(class_db_url) as board:
        return ClassData(
            read_at=datetime.now(UTC),
            overall=board.overall(),
            boards=tuple(AssignmentBoard(known, board.standings(known.slug)) for known in board.assignments()),
        )
