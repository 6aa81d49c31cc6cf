"""Where the student's own network fails: for that student alone, from training pictures and nothing of the test."""

from __future__ import annotations

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from grader.show.failures import failures_css, failures_html
from leaderboard_app import formatting, languages
from leaderboard_app.class_database import Board, Identity, failures_of


def draw(settings: BoardSettings, who: Identity, slug: str) -> None:
    """Draw it below the student's submissions; nothing where no submission has said anything."""
    with Board.open(settings.class_db_url) as board:
        found = failures_of(board, str(who.student_id), slug)
    if found is None:
        return
    st.subheader(_("Where your network fails"), anchor=False)
    received = formatting.moment(found.received_at, settings.zone, languages.chosen())
    st.caption(_("Of your submission of {moment}. Only you and your teacher see it.").format(moment=received))
    st.html(f"<style>{failures_css()}</style>{failures_html(found.now, found.before)}")
