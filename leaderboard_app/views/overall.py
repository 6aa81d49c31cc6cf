"""Standings of the whole course."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from grader.language import Language, _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages, own_work
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import OverallRow
from leaderboard_app.views import tables
from leaderboard_app.views.freshness import keep_fresh
from leaderboard_app.views.unavailable import load_or_explain

_ALIAS = 1  # the column with the aliases


def render(settings: BoardSettings) -> None:
    """Draw the page."""
    st.title(_("Standings of the course"), anchor=False)
    data = load_or_explain(settings)
    own_alias = own_work.own_alias(settings)
    _board(data, own_alias, settings, languages.chosen())
    keep_fresh(settings, data, own_alias)


def _board(data: ClassData, own_alias: str, settings: BoardSettings, language: Language) -> None:
    if not data.overall:
        st.info(_("Nobody has handed in anything yet."), icon=":material/hourglass_empty:")
        return
    _cards(data)
    table = _table(data, settings.zone, data.read_at, language)
    tables.draw(
        table.marked(_ALIAS, own_alias),
        alt=_("Students by alias, ordered by the sum of their points"),
        key="overall",
    )


def _cards(data: ClassData) -> None:
    rows = data.overall
    ranked = [row for row in rows if row.points is not None]
    best = max((row.points for row in ranked if row.points is not None), default=None)
    with st.container(horizontal=True):
        st.metric(_("Best sum"), formatting.points_of(best, data.full_points), border=True)
        st.metric(_("Students in the ranking"), len(ranked), border=True)
        st.metric(_("Submissions"), sum(row.submissions for row in rows), border=True)
        st.metric(_("Assignments"), len(data.boards), border=True)


@st.cache_resource(max_entries=4, show_spinner=False)
def _table(_data: ClassData, _zone: ZoneInfo, read_at: datetime, language: Language) -> tables.Table:
    """The table as all readers of one language see it; made once for all tabs."""
    rows = _data.overall
    return tables.Table.of(
        [
            tables.Column("#", [row.rank for row in rows], kind="rank"),
            tables.Column(_("Alias"), [row.alias for row in rows]),
            tables.Column(
                formatting.out_of(_("Sum"), _data.full_points),
                [row.points for row in rows],
                kind="points",
                help=_("Without the answers that the teacher reads"),
                is_strong=True,
            ),
            *(_assignment_column(_data, rows, number) for number in range(len(_data.boards))),
            tables.Column(_("Tries"), [row.submissions for row in rows], kind="count"),
            tables.Column(_("Improved"), [formatting.moment(row.improved_at, _zone, language) for row in rows]),
        ]
    )


def _assignment_column(data: ClassData, rows: tuple[OverallRow, ...], number: int) -> tables.Column:
    board = data.boards[number]
    return tables.Column(
        formatting.out_of(board.assignment.title, board.full_points),
        [row.by_assignment[number].points for row in rows],
        kind="points",
        help=_("Without the answers that the teacher reads"),
        width_px=tables.heading_px(formatting.out_of(board.assignment.title, board.full_points)),
    )
