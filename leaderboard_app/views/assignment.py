"""Standings of one assignment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from grader.language import Language, _
from grader.scoring.baseline import Baseline
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages, own_work
from leaderboard_app.class_data import AssignmentBoard, with_baselines
from leaderboard_app.class_database import AssignmentSummary, LeaderboardRow
from leaderboard_app.views import charts, feed, tables
from leaderboard_app.views.choosing import choose
from leaderboard_app.views.freshness import keep_fresh
from leaderboard_app.views.unavailable import load_or_explain

_ALIAS = 1  # the column with the aliases


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
    feed.draw(chosen, settings, languages.chosen())
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
        table.marked(_ALIAS, board.shown_alias(own_alias)),
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
            + (" " + _("Rows with ◇ are models for comparison: they take no place.") if board.rules.baselines else "")
        )


@st.cache_resource(max_entries=16, show_spinner=False)
def _table(_board: AssignmentBoard, _zone: ZoneInfo, slug: str, read_at: datetime, language: Language) -> tables.Table:
    """The table as all readers of one language see it; made once for all tabs."""
    lines = with_baselines(_board)
    rows = [None if isinstance(line, Baseline) else line for line in lines]
    return tables.Table.of(
        [
            tables.Column("#", [row.rank if row else None for row in rows], kind="rank"),
            tables.Column(_("Alias"), [_name(line) for line in lines], width_px=tables.ALIAS_PX),
            *(_contest_columns(_board, lines) if _board.assignment.is_contest else _block_columns(_board)),
            tables.Column(_("Tries"), [row.submissions if row else None for row in rows], kind="count"),
            tables.Column(
                _("Improved"), [formatting.moment(row.improved_at if row else None, _zone, language) for row in rows]
            ),
        ]
    )


def _name(line: LeaderboardRow | Baseline) -> str:
    return formatting.baseline(line) if isinstance(line, Baseline) else line.alias


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
    full = sum(row.points is not None and row.points >= board.full_points for row in ranked)
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


def _contest_columns(board: AssignmentBoard, lines: Sequence[LeaderboardRow | Baseline]) -> list[tables.Column]:
    """F1 and points, which a phone has room for, then what chance may have done to them."""
    totals = {line.total for line in lines if line.total is not None}
    rows = [None if isinstance(line, Baseline) else line for line in lines]
    return [
        tables.Column(
            "F1", [_f1_value(line) for line in lines], kind="score", help=_("Cut off, not rounded"), is_strong=True
        ),
        tables.Column(
            formatting.out_of(_("Points"), board.full_points), [board.points_of(line) for line in lines], kind="points"
        ),
        _right(lines, totals),
        tables.Column(
            "±",
            [formatting.change(row.rank, board.ranks_yesterday.get(row.alias)) if row else None for row in rows],
            kind="range",
            help=_("Change of place in a day"),
        ),
        tables.Column(
            _("95% interval"), [formatting.interval(line.correct, line.total) for line in lines], width_px=150
        ),
        tables.Column(
            _("Range"),
            [formatting.rank_range(board.range_of(row)) if row else None for row in rows],
            kind="range",
            help=_("Places that cannot be told apart: the difference may be chance"),
        ),
    ]


def _right(lines: Sequence[LeaderboardRow | Baseline], totals: set[int]) -> tables.Column:
    """The exact counts; how many there are in all stands in the heading, unless the test has changed since."""
    if len(totals) == 1:
        title = formatting.out_of(_("Right"), totals.pop())
        return tables.Column(title, [line.correct for line in lines], kind="count", width_px=130)
    counts = [
        None if line.correct is None else _("{correct} of {total}").format(correct=line.correct, total=line.total)
        for line in lines
    ]
    return tables.Column(_("Right"), counts, kind="score", width_px=130)


def _f1_value(line: LeaderboardRow | Baseline) -> str | None:
    return None if line.correct is None or line.total is None else formatting.f1_value(line.correct, line.total)


def _block_columns(board: AssignmentBoard) -> list[tables.Column]:
    rows = board.standings
    return [
        tables.Column(
            formatting.out_of(_("Points"), board.full_points),
            [row.points for row in rows],
            kind="points",
            is_strong=True,
            width_px=124,
        ),
        tables.Column(
            "±",
            [formatting.change(row.rank, board.ranks_yesterday.get(row.alias)) for row in rows],
            kind="range",
            help=_("Change of place in a day"),
        ),
    ]
