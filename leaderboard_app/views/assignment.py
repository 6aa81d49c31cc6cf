"""Standings of one assignment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from grader.language import Language, _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages, own_work
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import AssignmentSummary, LeaderboardRow
from leaderboard_app.views import charts, tables
from leaderboard_app.views.choosing import choose
from leaderboard_app.views.freshness import keep_fresh
from leaderboard_app.views.unavailable import load_or_explain

_ALIAS = 2  # the column with the aliases


def render(settings: BoardSettings) -> None:
    """Draw the page for the assignment that the reader chose."""
    st.title(_("Standings by assignment"), anchor=False)
    data = load_or_explain(settings)
    boards = data.boards
    if not boards:
        st.info(_("This class has no assignments yet."), icon=":material/hourglass_empty:")
        return
    chosen = choose(boards)
    own_alias = own_work.own_alias(settings)
    _draw(chosen, data.read_at, own_alias, settings, languages.chosen())
    keep_fresh(settings, data, own_alias)
    if chosen.standings:
        with st.expander(_("Points of the class"), icon=":material/bar_chart:"):
            charts.distribution(chosen.standings, chosen.row_of(own_alias))


def _is_over(assignment: AssignmentSummary) -> bool:
    return assignment.deadline is not None and assignment.deadline < datetime.now(UTC)


def _draw(
    board: AssignmentBoard, read_at: datetime, own_alias: str, settings: BoardSettings, language: Language
) -> None:
    _status(board.assignment, settings, language)
    if not board.standings:
        st.info(_("Nobody has handed this in yet. Be the first!"), icon=":material/hourglass_empty:")
        return
    _cards(board)
    table = _table(board, settings.zone, board.assignment.slug, read_at, language)
    tables.draw(
        table.marked(_ALIAS, own_alias),
        alt=_("Students by alias, ordered by their best score"),
        key=board.assignment.slug,
    )
    if board.assignment.is_contest:
        st.caption(
            _(
                "95%: how good the model would be on new frames of the show. On this test set the score is exact; "
                "points come from the exact count."
            )
            + " "
            + _("Range: places that cannot be told apart, because the difference may be chance.")
        )


@st.cache_resource(max_entries=16, show_spinner=False)
def _table(_board: AssignmentBoard, _zone: ZoneInfo, slug: str, read_at: datetime, language: Language) -> tables.Table:
    """The table as all readers of one language see it; made once for all tabs."""
    rows = _board.standings
    return tables.Table.of(
        [
            *_places(_board),
            *(_contest_columns(_board) if _board.assignment.is_contest else _block_columns(rows)),
            tables.Column(_("Tries"), [row.submissions for row in rows], kind="count"),
            tables.Column(_("Improved"), [formatting.moment(row.improved_at, _zone, language) for row in rows]),
        ]
    )


def _status(assignment: AssignmentSummary, settings: BoardSettings, language: Language) -> None:
    parts = [_deadline(assignment, settings, language)]
    if assignment.is_contest:
        parts.append(_("The public part of the test set is shown."))
    st.write(" ".join(parts))


def _deadline(assignment: AssignmentSummary, settings: BoardSettings, language: Language) -> str:
    if assignment.deadline is None:
        return _("No deadline.")
    text = _("The deadline was {when}.") if _is_over(assignment) else _("Deadline: {when}.")
    return text.format(when=formatting.moment(assignment.deadline, settings.zone, language))


def _cards(board: AssignmentBoard) -> None:
    rows = board.standings
    ranked = [row for row in rows if row.rank is not None]
    full = sum(row.points is not None and row.points >= row.max_points for row in ranked)
    with st.container(horizontal=True):
        if board.assignment.is_contest:
            st.metric(_("Best F1"), _best_f1(ranked), border=True)
        else:
            st.metric(_("Points on average"), _average(ranked), border=True)
        st.metric(_("Full points"), _("{count} of {students}").format(count=full, students=len(rows)), border=True)
        st.metric(_("Students in the ranking"), len(ranked), border=True)
        st.metric(_("Submissions"), sum(row.submissions for row in rows), border=True)


def _best_f1(ranked: Sequence[LeaderboardRow]) -> str:
    first = ranked[0] if ranked else None
    if first is None or first.correct is None or first.total is None:
        return formatting.NOTHING
    return formatting.f1_value(first.correct, first.total)


def _average(ranked: Sequence[LeaderboardRow]) -> str:
    earned = [row.points for row in ranked if row.points is not None]
    return formatting.points(sum(earned) / len(earned) if earned else None)


def _places(board: AssignmentBoard) -> list[tables.Column]:
    """Rank, its change in a day, the alias: on a phone there is room for one more column."""
    rows = board.standings
    return [
        tables.Column("#", [row.rank for row in rows], kind="rank"),
        tables.Column(
            "±",
            [formatting.change(row.rank, board.ranks_yesterday.get(row.alias)) for row in rows],
            help=_("Change of place in a day"),
        ),
        tables.Column(_("Alias"), [row.alias for row in rows]),
    ]


def _contest_columns(board: AssignmentBoard) -> list[tables.Column]:
    """F1, points, and what chance may have done to them."""
    rows = board.standings
    return [
        tables.Column("F1", [formatting.f1(row.correct, row.total) for row in rows], help=_("Cut off, not rounded")),
        tables.Column(_("Points"), [row.points for row in rows], kind="points"),
        tables.Column(_("95% interval"), [formatting.interval(row.correct, row.total) for row in rows]),
        tables.Column(
            _("Range"),
            [formatting.rank_range(board.range_of(row)) for row in rows],
            kind="range",
            help=_("Places that cannot be told apart: the difference may be chance"),
        ),
    ]


def _block_columns(rows: Sequence[LeaderboardRow]) -> list[tables.Column]:
    return [
        tables.Column(_("Points"), [row.points for row in rows], kind="points"),
        tables.Column(_("Out of"), [row.max_points for row in rows], kind="points"),
    ]
