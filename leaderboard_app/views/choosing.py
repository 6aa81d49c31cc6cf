"""The row of buttons that chooses an assignment; the address names it, so that a link can be shared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from grader.language import _
from leaderboard_app import formatting
from leaderboard_app.class_data import AssignmentBoard

_KEY = "assignment"


def choose(boards: Sequence[AssignmentBoard], first: AssignmentBoard | None = None) -> AssignmentBoard:
    """The chosen assignment.

    Args:
        boards: all of the class, at least one.
        first: the one where nothing was chosen; None for the last of the lesson's.
    """
    first = first or boards[-1]
    by_slug = {board.assignment.slug: board for board in boards}
    named = st.query_params.get(_KEY, "")
    slug = st.pills(
        _("Assignment"),
        options=list(by_slug),
        default=named if named in by_slug else first.assignment.slug,
        format_func=lambda known: formatting.plain(by_slug[known].assignment.title),
        key=_KEY,
        label_visibility="collapsed",
        required=True,
    )
    board = by_slug.get(slug or "", first)
    st.query_params[_KEY] = board.assignment.slug
    return board


def due(boards: Sequence[AssignmentBoard], alias: str) -> AssignmentBoard:
    """The assignment that a student has to do now.

    That is the one with the nearest deadline ahead that has not got full points yet; without such a deadline the first
    of the lesson's that the student has no result for; and where there is nothing left, the last one.
    """
    now = datetime.now(UTC)
    results = {board.assignment.slug: board.row_of(alias) for board in boards}

    def points(board: AssignmentBoard) -> float | None:
        row = results[board.assignment.slug]
        return None if row is None else row.points

    ahead = [
        (deadline, board)
        for board in boards
        if (deadline := board.assignment.deadline) is not None
        and deadline > now
        and (points(board) or 0.0) < board.full_points
    ]
    if ahead:
        return min(ahead, key=lambda pair: pair[0])[1]
    return next((board for board in boards if points(board) is None), boards[-1])
