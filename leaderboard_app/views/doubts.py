"""A student asks the teacher about one task of the own work, and reads what was answered and done."""

from __future__ import annotations

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_database import Board, Identity, doubts_of, titles_of
from leaderboard_app.rate_limits import RateLimit
from leaderboard_app.views import asking, threads

MAX_QUESTION = 1000
_asked = RateLimit(4, per_s=60)


def draw(settings: BoardSettings, who: Identity, slug: str, *, is_graded: bool) -> None:
    """Draw the threads of one assignment and the form; nothing where there is nothing to ask about.

    Args:
        settings: the class.
        who: the student.
        slug: the assignment.
        is_graded: whether something of the student's was graded.
    """
    language = languages.chosen()
    with Board.open(settings.class_db_url) as board:
        found = doubts_of(board, str(who.student_id), slug)
        titles = {one.grade_id: one for one in titles_of(board, slug)}

    def name(cell: str) -> str:
        known = titles.get(cell)
        return formatting.plain(cell if known is None else " · ".join(filter(None, (known.section, known.title))))

    if not found and not (is_graded and titles):
        return
    st.subheader(_("Questions to the teacher"), anchor=False)
    asking.tell()
    for doubt in found:
        is_new = doubt.closed_at is None
        with st.expander(f"{name(doubt.grade_id)} — {threads.state(doubt)}", expanded=is_new):
            threads.lines(settings, doubt, language, _("you"))
    if is_graded and titles:
        _form(settings, who, slug, {cell: name(cell) for cell in titles})


def _form(settings: BoardSettings, who: Identity, slug: str, names: dict[str, str]) -> None:
    with (
        st.expander(_("I do not understand why points were lost"), icon=":material/contact_support:"),
        st.form(f"doubt-{slug}", border=False, clear_on_submit=True),
    ):
        cell = st.selectbox(_("Task"), list(names), format_func=names.__getitem__)
        text = st.text_area(_("Your question; the teacher reads it"), max_chars=MAX_QUESTION)
        if st.form_submit_button(_("Ask"), type="primary", icon=":material/send:"):
            wait_s = _asked.wait_s(str(who.access_id))
            if wait_s:
                st.warning(_("Too often. Try again in {seconds} s.").format(seconds=wait_s))
                return
            _asked.note(str(who.access_id))
            asking.ask(settings, who, "doubt", assignment=slug, cell=cell, text=text)
            st.rerun()
