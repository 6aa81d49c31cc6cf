"""What the page shows while there is no class to show; it comes back by itself."""

from __future__ import annotations

import streamlit as st

from grader.language import _, speaking
from grader.service.page_settings import BoardSettings
from leaderboard_app import class_data, languages
from leaderboard_app.class_database import BoardUnavailable, Unavailable


def load_or_explain(settings: BoardSettings) -> class_data.ClassData:
    """The class, or a page that says why there is none; then the script stops here."""
    try:
        return class_data.load(settings.class_db_url)
    except BoardUnavailable as unavailable:
        _explain(unavailable.reason)
        _wait(settings)
        st.stop()


@st.fragment(run_every=10)
def _wait(settings: BoardSettings) -> None:
    with speaking(languages.chosen()):
        st.caption(_("This page looks again every ten seconds."))
        try:
            class_data.load(settings.class_db_url)
        except BoardUnavailable:
            return
    st.rerun()


def _explain(reason: Unavailable) -> None:
    # No path and no text of an error: the class reads this page, and the teacher's terminal has them.
    title, action = _texts(reason)
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(action)


def _texts(reason: Unavailable) -> tuple[str, str]:
    match reason:
        case Unavailable.MISSING | Unavailable.EMPTY:
            return (
                _("Nothing has been graded yet"),
                _("The standings appear here after the first submission is graded. Teacher: run `grader grade`."),
            )
        case Unavailable.TOO_OLD:
            return (
                _("The class database is older than this page"),
                _("Nothing is lost. Teacher: run the updated grader once; it brings the database along."),
            )
        case Unavailable.TOO_NEW:
            return (
                _("The class database is newer than this page"),
                _("Nothing is lost. Teacher: update the grader where this page runs, and start the page again."),
            )
        case Unavailable.UNREADABLE:
            return (
                _("The class database cannot be read"),
                _("Nothing is wrong with your work. Teacher: check the address of the database with `grader doctor`."),
            )
