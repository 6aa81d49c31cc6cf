"""Projector: the board alone, large, refreshing by itself. Nothing on it is anybody's own."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import streamlit as st

from grader.language import Language, _, ngettext, speaking
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import LeaderboardRow
from leaderboard_app.turns import in_turn
from leaderboard_app.views import charts
from leaderboard_app.views.choosing import choose
from leaderboard_app.views.unavailable import load_or_explain

_ROWS = 10
_REFRESH_S = 5
# Streamlit's own bar, menu and margins are in the way of the last row of the class.
_STYLE = """
<style>
[data-testid=stHeader], [data-testid=stToolbar] { display: none }
[data-testid=stMainBlockContainer] { padding: 1.2rem 2.5rem; max-width: none }
.board { width: 100%; border-collapse: collapse; font-size: clamp(1.1rem, 2.6vh + .6vw, 2.6rem); line-height: 1.15 }
.board th { text-align: left; font-size: .55em; font-weight: 600; opacity: .75; padding: 0 .5em .3em }
.board td { padding: .22em .5em; border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent) }
.board .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.board .rank { font-weight: 700; width: 2.2em }
@media (max-width: 640px) {
  [data-testid=stMainBlockContainer] { padding: 1rem }
  .board { font-size: 1rem }
  .board td, .board th { padding-inline: .25em }
}
.board tr.top .rank::after { content: " ★" }
</style>
"""


def render(settings: BoardSettings) -> None:
    """Draw the page."""
    st.html(_STYLE)
    boards = load_or_explain(settings).boards
    if not boards:
        st.info(_("This class has no assignments yet."), icon=":material/hourglass_empty:")
        return
    board = choose(boards)
    st.fragment(_draw, run_every=_REFRESH_S)(settings, board.assignment.slug)


def _draw(settings: BoardSettings, slug: str) -> None:
    language = languages.chosen()
    with in_turn(), speaking(language):
        board = load_or_explain(settings).board(slug)
        if board is None:
            return
        table, side = st.columns([5, 3], gap="large")
        with table:
            if board.standings:
                st.html(_table(board))
            else:
                st.info(_("Nobody has handed this in yet. Be the first!"), icon=":material/hourglass_empty:")
        with side:
            _side(board, settings, language)


def _side(board: AssignmentBoard, settings: BoardSettings, language: Language) -> None:
    clock = formatting.moment(datetime.now(UTC), settings.zone, language)
    st.metric(_("Deadline"), _time_left(board), border=True)
    best = board.standings[0] if board.standings else None
    if best is not None and best.correct is not None and best.total is not None:
        st.metric(_("Best F1"), formatting.f1_value(best.correct, best.total), border=True)
    st.metric(_("Submissions"), board.assignment.submissions, border=True)
    charts.distribution(board.standings, None)
    st.caption(clock)


def _time_left(board: AssignmentBoard) -> str:
    deadline = board.assignment.deadline
    if deadline is None:
        return formatting.NOTHING
    return formatting.time_left(deadline)


def _table(board: AssignmentBoard) -> str:
    """Rows as HTML of our own: a grid of Streamlit's cannot be read from the back of a room."""
    score = "F1" if board.assignment.is_contest else ""
    head = f"<th></th><th>{escape(_('Alias'))}</th><th class=n>{score}</th><th class=n>{escape(_('Points'))}</th>"
    rows = "".join(_row(row) for row in board.standings[:_ROWS])
    more = len(board.standings) - _ROWS
    note = ngettext("and {count} more", "and {count} more", more).format(count=more) if more > 0 else ""
    foot = f"<tr><td></td><td colspan=3>{escape(note)}</td></tr>" if note else ""
    title = escape(board.assignment.title)
    return f"<h1>{title}</h1><table class=board><thead><tr>{head}</tr></thead><tbody>{rows}{foot}</tbody></table>"


def _row(row: LeaderboardRow) -> str:
    place = "" if row.rank is None else str(row.rank)
    score = "" if row.correct is None or row.total is None else formatting.f1_value(row.correct, row.total)
    css = "top" if row.rank == 1 else ""
    return (
        f"<tr class='{css}'><td class='n rank'>{place}</td><td>{escape(row.alias)}</td>"
        f"<td class=n>{score}</td><td class=n>{formatting.points(row.points)}</td></tr>"
    )
