"""Deadlines and quotas; they are written into class.toml."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting
from leaderboard_app.class_data import AssignmentBoard, ClassData
from leaderboard_app.class_database import Identity
from leaderboard_app.views.asking import ask


def draw(settings: BoardSettings, who: Identity, data: ClassData) -> None:
    """Draw the section."""
    st.subheader(_("Deadlines"), anchor=False)
    zone = formatting.plain(settings.timezone)
    st.caption(_("In the zone {zone}. Later submissions are taken and marked as late.").format(zone=zone))
    for board in data.boards:
        _deadline(settings, who, board)
    quotas = [board.rules.quota for board in data.boards if board.rules.quota is not None]
    if quotas:
        _quota(settings, who, quotas[0].per_day, quotas[0].in_total)


def _deadline(settings: BoardSettings, who: Identity, board: AssignmentBoard) -> None:
    slug = board.assignment.slug
    now = board.assignment.deadline
    with st.form(f"deadline-{slug}", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.datetime_input(
            formatting.plain(board.assignment.title),
            value=None if now is None else now.astimezone(settings.zone).replace(tzinfo=None),
            key=f"deadline-of-{slug}",
        )
        if st.form_submit_button(_("Save"), icon=":material/save:"):
            when = chosen.isoformat(timespec="minutes") if isinstance(chosen, datetime) else ""
            ask(settings, who, "deadline", assignment=slug, when=when)
            st.rerun()


def _quota(settings: BoardSettings, who: Identity, per_day: int, in_total: int) -> None:
    st.subheader(_("Submissions to the contest"), anchor=False)
    with st.form("quota", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        a_day = st.number_input(_("A day; 0: no limit"), min_value=0, max_value=1000, value=per_day)
        total = st.number_input(_("In total; 0: no limit"), min_value=0, max_value=100_000, value=in_total)
        if st.form_submit_button(_("Save"), icon=":material/save:"):
            ask(settings, who, "quota", per_day=str(a_day), in_total=str(total))
            st.rerun()
