"""Who may enter, new personal links, and their end."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from grader.language import Language, _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import (
    AccessRecord,
    Board,
    Identity,
    accesses,
    grades_of,
    hashed,
    link_to,
    new_token,
)
from leaderboard_app.views import tables
from leaderboard_app.views.asking import ask

_LINK = "_teacher_new_link"


def draw(settings: BoardSettings, who: Identity, _data: ClassData) -> None:
    """Draw the section."""
    language = languages.chosen()
    with Board.open(settings.class_db_url) as board:
        ways = accesses(board)
        names = {grade.student_id: grade.name or grade.student_id for grade in grades_of(board)}
        names |= {way.student_id: way.label for way in ways if way.student_id}
    link = st.session_state.pop(_LINK, "")
    if link:
        st.info(_("The new link; it is shown only now, and the earlier one has ended:"), icon=":material/key:")
        st.code(link, language=None, wrap_lines=True)
    if names:
        _act(settings, who, names)
    _table(ways, settings, language)


def _act(settings: BoardSettings, who: Identity, names: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        student = st.selectbox(_("Student"), sorted(names), format_func=lambda s: names[s], key="invite-student")
        if st.button(_("New link"), type="primary", icon=":material/key:"):
            token = new_token()
            name = "" if names[student] == student else names[student]
            if ask(settings, who, "invite", student=student, name=name, token_sha256=hashed(token)):
                st.session_state[_LINK] = link_to(_origin(), token)
            st.rerun()
        if st.button(_("End the link"), icon=":material/key_off:"):
            ask(settings, who, "revoke", student=student)
            st.rerun()


def _table(ways: list[AccessRecord], settings: BoardSettings, language: Language) -> None:
    roles = {"student": _("student"), "teacher": _("teacher")}
    tables.draw(
        [
            tables.Column(_("Name"), [way.label for way in ways]),
            tables.Column(_("Id"), [way.student_id or formatting.NOTHING for way in ways]),
            tables.Column(_("Role"), [roles[way.role] for way in ways]),
            tables.Column(_("Comes by"), [_by(way) for way in ways]),
            tables.Column(_("Since"), [formatting.moment(way.created_at, settings.zone, language) for way in ways]),
            tables.Column(_("Ended"), [formatting.moment(way.revoked_at, settings.zone, language) for way in ways]),
        ],
        alt=_("Who may enter"),
        key="access",
    )


def _by(way: AccessRecord) -> str:
    return ", ".join(part for part in (_("link") if way.has_link else "", way.email or "") if part)


def _origin() -> str:
    """Where this page is reached, as the browser of the teacher knows it."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}"
