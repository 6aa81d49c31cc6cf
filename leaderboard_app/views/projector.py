"""Projector: the board, readable from the back of a room, refreshing by itself. Nothing on it is anybody's own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from html import escape

import streamlit as st

from grader.language import Language, _, ngettext, speaking
from grader.scoring.baseline import Baseline
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import AssignmentBoard, with_baselines
from leaderboard_app.class_database import LeaderboardRow
from leaderboard_app.turns import in_turn
from leaderboard_app.views import feed
from leaderboard_app.views.choosing import choose
from leaderboard_app.views.unavailable import load_or_explain

_ROWS = 12
_EVENTS = 4
_REFRESH_S = 5
# Letters of 1/80 of the picture's height are read from eight metres where the picture is two metres high: 25 mm. The
# smallest text is 0.875rem, and a small letter is half as high as its font: so the root's font is 1/35 of the height.
# Streamlit's own bar, menu and margins are in the way of the last row of the class.
_STYLE = """
<style>
html:root { font-size: max(16px, 3vh) !important }
[data-testid=stHeader], [data-testid=stToolbar] { display: none }
[data-testid=stMainBlockContainer] { padding: .5rem 1.2rem; max-width: none }
[data-testid=stMainBlockContainer] [data-testid=stVerticalBlock] { gap: .4rem }
.board { width: 100%; border-collapse: collapse; line-height: 1.1; font-size: 1.12rem }
.title.title { font-size: 1.4rem; line-height: 1.2; font-weight: 700; margin: 0; padding: 0 0 .3rem }
.board th { text-align: left; font-size: .875rem; font-weight: 600; opacity: .8; padding: 0 .4em .15em }
.board td { padding: .2em .4em; border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent) }
.board .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.board .rank { font-weight: 700; width: 2.4em }
.board .strong { font-weight: 700 }
.board tr.model td { opacity: .8; font-size: .9rem; border-top-style: dashed }
.badge { border: 1px solid currentColor; border-radius: .5em; padding: 0 .35em; font-size: .875rem }
.side { display: grid; gap: .7rem; font-size: .95rem; line-height: 1.2; padding-top: .2rem }
.side p { margin: 0; font-size: .95rem }
.side .label { font-size: .875rem; opacity: .8 }
.side .value { font-size: 1.5rem; font-weight: 700; font-variant-numeric: tabular-nums }
.side ul { margin: 0; padding: 0; list-style: none }
.side li { margin: 0 0 .35rem; padding-left: .6rem; border-left: 4px solid currentColor; font-size: .9rem }
.pair { display: flex; gap: 1.6rem; flex-wrap: wrap }
.goal { height: 1rem; border-radius: .5rem; background: color-mix(in srgb, currentColor 16%, transparent) }
.goal i { display: block; height: 100%; border-radius: .5rem; background: currentColor; min-width: .2rem }
@media (max-width: 640px) {
  html:root { font-size: 16px !important }
  [data-testid=stMainBlockContainer] { padding: 1rem }
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
        table, side = st.columns([5, 3], gap="medium")
        with table:
            if board.standings:
                st.html(_table(board))
            else:
                st.info(_("Nobody has handed this in yet. Be the first!"), icon=":material/hourglass_empty:")
        with side:
            st.html(_side(board, settings, language))


def _side(board: AssignmentBoard, settings: BoardSettings, language: Language) -> str:
    clock = formatting.moment(datetime.now(UTC), settings.zone, language)
    cards = _card(_("Deadline"), _time_left(board)) + _card(_("Submissions"), str(board.assignment.submissions))
    parts = [f"<div class=pair>{cards}</div>", _goal(board), _events(board), f"<p class=label>{escape(clock)}</p>"]
    return f"<div class=side>{''.join(parts)}</div>"


def _card(label: str, value: str) -> str:
    return f"<div><div class=label>{escape(label)}</div><div class=value>{escape(value)}</div></div>"


def _goal(board: AssignmentBoard) -> str:
    """How many of the class have what everybody is to have; a number beside the bar, which alone would be colour."""
    goal, students, reached = board.rules.goal, board.students, board.reached_goal
    if goal <= 0 or students == 0:
        return ""
    label = _("Goal of the class: {points} points for everybody").format(points=formatting.points(goal))
    count = _("{correct} of {total}").format(correct=reached, total=students)
    bar = (
        f"<div class=goal role=progressbar aria-valuemin=0 aria-valuemax={students} aria-valuenow={reached} "
        f"aria-label='{escape(label)}'><i style='width:{100 * reached / students:.1f}%'></i></div>"
    )
    return f"<div><p>{escape(label)}</p><div class=value>{escape(count)}</div>{bar}</div>"


def _events(board: AssignmentBoard) -> str:
    if not board.events:
        return ""
    lines = "".join(f"<li>{escape(feed.sentence(event, board))}</li>" for event in board.events[:_EVENTS])
    return f"<div><p class=label>{escape(_('What is new'))}</p><ul>{lines}</ul></div>"


def _time_left(board: AssignmentBoard) -> str:
    deadline = board.assignment.deadline
    if deadline is None:
        return formatting.NOTHING
    return formatting.time_left(deadline)


def _table(board: AssignmentBoard) -> str:
    """Rows as HTML of our own: a grid of Streamlit's cannot be read from the back of a room."""
    is_contest = board.assignment.is_contest
    points = formatting.out_of(_("Points"), board.full_points)
    heads = ["F1", _("Range"), points] if is_contest else [points]
    head = f"<th></th><th>{escape(_('Alias'))}</th>" + "".join(f"<th class=n>{escape(name)}</th>" for name in heads)
    lines = with_baselines(board)[:_ROWS]
    ties = _tied(board.standings)
    rows = "".join(
        _model(line, board) if isinstance(line, Baseline) else _row(line, board, is_tied=line.rank in ties)
        for line in lines
    )
    more = len(board.standings) - sum(not isinstance(line, Baseline) for line in lines)
    note = ngettext("and {count} more", "and {count} more", more).format(count=more) if more > 0 else ""
    foot = f"<tr><td></td><td colspan={len(heads) + 1}>{escape(note)}</td></tr>" if note else ""
    title = f"<h1 class=title>{escape(board.assignment.title)}</h1>"
    return f"{title}<table class=board><thead><tr>{head}</tr></thead><tbody>{rows}{foot}</tbody></table>"


def _tied(rows: tuple[LeaderboardRow, ...]) -> set[int | None]:
    """Ranks that several share."""
    return {rank for rank, count in Counter(row.rank for row in rows).items() if count > 1 and rank is not None}


def _row(row: LeaderboardRow, board: AssignmentBoard, *, is_tied: bool) -> str:
    place = "" if row.rank is None else f"{row.rank}{'=' if is_tied else ''}"
    cells = [formatting.points(row.points)]
    if board.assignment.is_contest:
        score = "" if row.correct is None or row.total is None else formatting.f1_value(row.correct, row.total)
        cells = [score, formatting.rank_range(board.range_of(row)), *cells]
    css = "top" if row.rank == 1 else ""
    numbers = "".join(f"<td class=n>{escape(cell)}</td>" for cell in cells[:-1])
    return (
        f"<tr class='{css}'><td class='n rank'>{place}</td><td>{escape(row.alias)}</td>{numbers}"
        f"<td class='n strong'>{escape(cells[-1])}</td></tr>"
    )


def _model(line: Baseline, board: AssignmentBoard) -> str:
    """A baseline's row: no place, and a badge that says what it is."""
    worth = board.points_of(line)
    points = "" if worth is None else formatting.points(worth)
    name = escape(formatting.model(line.kind, line.label))
    badge = f"<span class=badge>{escape(_('for comparison'))}</span>"
    score = formatting.f1_value(line.correct, line.total)
    return (
        f"<tr class=model><td class=n>◇</td><td>{name} {badge}</td><td class=n>{score}</td><td class=n></td>"
        f"<td class=n>{points}</td></tr>"
    )
