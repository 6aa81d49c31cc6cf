"""A student's question about a task with all that was said and done about it, as both sides see it."""

from __future__ import annotations

import streamlit as st

from grader.language import Language, _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting
from leaderboard_app.class_database import DoubtEvent, DoubtRecord

_ICONS = {
    DoubtEvent.ASKED: ":material/contact_support:",
    DoubtEvent.ANSWERED: ":material/reply:",
    DoubtEvent.CORRECTED: ":material/edit_note:",
    DoubtEvent.REGRADED: ":material/replay:",
    DoubtEvent.CLOSED: ":material/lock:",
}


def lines(settings: BoardSettings, doubt: DoubtRecord, language: Language, student: str) -> None:
    """Draw the lines of a thread, the oldest first.

    Args:
        settings: the class.
        doubt: the thread.
        language: the reader's.
        student: what the student is called here.
    """
    for line in doubt.lines:
        name = student if line.event is DoubtEvent.ASKED else line.author
        when = formatting.moment(line.at, settings.zone, language)
        with st.container(border=line.event in (DoubtEvent.ASKED, DoubtEvent.ANSWERED)):
            head = f"{_ICONS[line.event]} {formatting.plain(name)} · {formatting.plain(when)}"
            match line.event:
                case DoubtEvent.ASKED | DoubtEvent.ANSWERED:
                    st.caption(head)
                    st.markdown(formatting.plain_lines(line.text))
                case DoubtEvent.CORRECTED:
                    before, after = formatting.points(line.points_before), formatting.points(line.points_after)
                    st.caption(f"{head} · " + _("points: {before} → {after}").format(before=before, after=after))
                case DoubtEvent.REGRADED:
                    st.caption(f"{head} · " + _("has the work graded anew"))
                case DoubtEvent.CLOSED:
                    st.caption(f"{head} · " + _("closed the question"))


def state(doubt: DoubtRecord) -> str:
    """How a thread stands, in a word."""
    if doubt.closed_at is not None:
        return _("closed")
    return _("waits for the teacher") if doubt.is_waiting else _("answered")
