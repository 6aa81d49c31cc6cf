"""What somebody sees who has to be known and is not."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import identity
from leaderboard_app.class_database import Identity


def require_student(settings: BoardSettings) -> Identity:
    """The student who is looking; anybody else reads how to come in, and the script stops."""
    who = identity.current(settings)
    if who is None or who.student_id is None:
        _closed(_("This page is yours alone"), _("Open it by the personal link that your teacher gave you."))
    return who


def require_teacher(settings: BoardSettings) -> Identity:
    """The teacher who is looking; anybody else goes no further."""
    who = identity.current(settings)
    if who is None or not who.is_teacher:
        _closed(_("This page is for teachers"), _("Open it by a teacher's link: `grader invite --teacher NAME`."))
    return who


def title_with_way_out(title: str) -> None:
    """The title of a page that is somebody's, and beside it the button that forgets who that is."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(title, anchor=False, width="content")
        st.button(_("Sign out"), on_click=identity.sign_out, icon=":material/logout:", type="tertiary")


def tell_refusal() -> None:
    """Say once that a link did not work."""
    match identity.refused():
        case "wrong":
            st.error(
                _("This link does not work: it is incomplete, or it was replaced by a newer one. Ask your teacher."),
                icon=":material/key_off:",
            )
        case "often":
            st.error(
                _("Too many links that do not work came from here. Wait a minute and try again."),
                icon=":material/hourglass_top:",
            )
        case _other:
            return


def _closed(title: str, text: str) -> NoReturn:
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(text)
        if identity.has_accounts():
            st.button(_("Sign in with the school's account"), on_click=st.login, type="primary")
    st.stop()
