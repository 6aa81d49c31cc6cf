"""The row of buttons that chooses an assignment; the address names it, so that a link can be shared."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from grader.language import _
from leaderboard_app import formatting
from leaderboard_app.class_data import AssignmentBoard

_KEY = "assignment"


def choose(boards: Sequence[AssignmentBoard]) -> AssignmentBoard:
    """The chosen assignment; of the lesson's, the last one where nothing was chosen."""
    by_slug = {board.assignment.slug: board for board in boards}
    named = st.query_params.get(_KEY, "")
    slug = st.pills(
        _("Assignment"),
        options=list(by_slug),
        default=named if named in by_slug else boards[-1].assignment.slug,
        format_func=lambda known: formatting.plain(by_slug[known].assignment.title),
        key=_KEY,
        label_visibility="collapsed",
        required=True,
    )
    board = by_slug.get(slug or "", boards[-1])
    st.query_params[_KEY] = board.assignment.slug
    return board
