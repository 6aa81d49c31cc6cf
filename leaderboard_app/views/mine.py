"""A student's own page: the card, the ladder, what was handed in and what became of it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from grader.language import Language, _, ngettext
from grader.scoring.mcnemar import RankRange
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages, own_work, routes
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import Identity
from leaderboard_app.own_work import OwnWork
from leaderboard_app.views import achievements, charts, doubts, failures, lateness, submissions
from leaderboard_app.views.choosing import choose, due
from leaderboard_app.views.entrance import require_student, title_with_way_out
from leaderboard_app.views.sandboxed import feedback_frame
from leaderboard_app.views.unavailable import load_or_explain


def render(settings: BoardSettings) -> None:
    """Draw the page."""
    who = require_student(settings)
    language = languages.chosen()
    data = load_or_explain(settings)
    work = own_work.load(settings, who)
    _greeting(who.name, work.alias)
    if not data.boards:
        st.info(_("This class has no assignments yet."), icon=":material/hourglass_empty:")
        return
    board = choose(data.boards, due(data.boards, work.alias))
    _card(board, work, settings, who, language)
    left, right = st.columns([3, 2], gap="large")
    with left:
        achievements.draw(board, work.runs_for(board.assignment.slug))
        submissions.draw(settings, board, is_waiting=work.is_waiting)
        is_empty = settings.inbox and board.rules.takes and not work.has_begun(board.assignment.slug)
        if is_empty and st.button(_("Hand in"), type="primary", icon=":material/upload_file:"):
            routes.go_to("hand-in", board.assignment.slug)
        _feedback(settings, board.assignment.slug)
        graded = work.grade(board.assignment.slug)
        is_graded = graded is not None and graded.points is not None
        doubts.draw(settings, who, board.assignment.slug, is_graded=is_graded)
    with right:
        _progress(board, work)
    failures.draw(settings, who, board.assignment.slug)


def _greeting(name: str, alias: str) -> None:
    title_with_way_out(formatting.plain(name))
    st.caption(_("On the board you are **{alias}**; only your teacher knows.").format(alias=formatting.plain(alias)))


def _card(board: AssignmentBoard, work: OwnWork, settings: BoardSettings, who: Identity, language: Language) -> None:
    row = board.row_of(work.alias)
    runs = work.runs_for(board.assignment.slug)
    with st.container(horizontal=True):
        rank = row.rank if row else None
        among = board.range_of(row) if row else None
        change = _change(rank, board.ranks_yesterday.get(board.shown_alias(work.alias)))
        st.metric(
            _("Place"),
            _place(rank, among),
            delta=change,
            delta_description=_("in a day") if change is not None else None,
            border=True,
            height="stretch",
            help=None if among is None else _range_help(among),
        )
        if board.assignment.is_contest:
            st.metric(
                _("Best F1"),
                formatting.NOTHING
                if row is None or row.correct is None or row.total is None
                else formatting.f1_value(row.correct, row.total),
                border=True,
                height="stretch",
                chart_data=[run.correct for run in runs if run.correct is not None] if len(runs) > 2 else None,
                help=None
                if row is None or row.correct is None
                else _("95% interval: {interval}").format(interval=formatting.interval(row.correct, row.total)),
            )
        st.metric(
            _("Best points"),
            _of(row.points if row else None, board.full_points),
            border=True,
            height="stretch",
        )
        grade = work.grade(board.assignment.slug)
        st.metric(
            _("Your grade"),
            _of(grade.effective_points if grade else None, board.assignment.max_points),
            border=True,
            height="stretch",
            help=lateness.which_counts(board) + _by_hand(board),
        )
        _quota_card(board, settings, who)
        _deadline_card(work.due(board), settings, language)
    if grade is not None and grade.override is not None:
        text = _("Your teacher set this grade: {reason}").format(reason=formatting.plain(grade.reason))
        st.info(text, icon=":material/edit_note:")
    lateness.draw(board, work, settings, language)


def _by_hand(board: AssignmentBoard) -> str:
    """What the grade can have beside the tests' points."""
    by_hand = board.assignment.max_points - board.full_points
    if by_hand <= 0:
        return ""
    return " " + _("{points} of its points are for answers that your teacher reads.").format(
        points=formatting.points(by_hand)
    )


def _quota_card(board: AssignmentBoard, settings: BoardSettings, who: Identity) -> None:
    left = own_work.allowance(settings, who, board)
    if left is None or left.left_today is None:
        return
    st.metric(
        _("Left today"),
        str(left.left_today),
        border=True,
        height="stretch",
        help=_("Submissions of today; new ones from {at}.").format(at=f"{left.resets_at:%H:%M}"),
    )


def _deadline_card(deadline: datetime | None, settings: BoardSettings, language: Language) -> None:
    if deadline is None:
        return
    st.metric(
        _("Deadline"),
        formatting.time_left(deadline),
        border=True,
        height="stretch",
        help=formatting.moment(deadline, settings.zone, language),
    )


def _place(rank: int | None, among: RankRange | None) -> str:
    """The rank, with the range of those that it cannot be told apart from: `4 (2–5)`."""
    if rank is None:
        return formatting.NOTHING
    return f"{rank}" if among is None or among.first == among.last else f"{rank} ({formatting.rank_range(among)})"


def _range_help(among: RankRange) -> str:
    if among.first == among.last:
        return _("Your score differs clearly from those above and below you: this is more than chance.")
    return _(
        "Places {first} to {last} cannot be told apart: on so few pictures the difference between them may be chance."
    ).format(first=among.first, last=among.last)


def _change(now: int | None, before: int | None) -> int | None:
    return before - now if now is not None and before is not None and before != now else None


def _of(points: float | None, max_points: float) -> str:
    return formatting.NOTHING if points is None else formatting.points_of(points, max_points)


def _progress(board: AssignmentBoard, work: OwnWork) -> None:
    row = board.row_of(work.alias)
    table = board.rules.table
    if board.assignment.is_contest and table is not None:
        st.subheader(_("Points ladder"), anchor=False)
        total = row.total if row and row.total else board.rules.public_total
        correct = row.correct if row else None
        _next_step(board, correct, total)
        charts.ladder(table, correct, total or 1)
        charts.progress(work.runs_for(board.assignment.slug), board.rules.baselines)
    st.subheader(_("The class"), anchor=False)
    charts.distribution(board.standings, row)
    if len(board.standings) < 3:
        st.caption(_("A picture of the class appears once three have a result."))


def _next_step(board: AssignmentBoard, correct: int | None, total: int) -> None:
    table = board.rules.table
    if table is None or total == 0:
        return
    step = table.next_step(correct or 0, total)
    if step is None:
        st.success(_("The top of the ladder: all {points} points.").format(points=table.top), icon=":material/trophy:")
        return
    st.markdown(
        _("Next: **{points} points** at F1 ≥ {f1}. That is {needed} of {total} right; you have {correct}.").format(
            points=step.points,
            f1=formatting.threshold(step.f1),
            needed=step.images_needed,
            total=total,
            correct=correct or 0,
        )
        + " "
        + ngettext("**{count} more picture.**", "**{count} more pictures.**", step.more).format(count=step.more)
    )


def _feedback(settings: BoardSettings, slug: str) -> None:
    page = own_work.feedback(settings, require_student(settings), slug)
    if page is None:
        return
    with st.expander(_("Feedback on your last submission, with your code"), icon=":material/rate_review:"):
        feedback_frame(page)
