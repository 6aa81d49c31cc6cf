"""Criteria and reusable comments of one question, edited on the page; they are kept in the class folder."""

from __future__ import annotations

import streamlit as st

from grader.course.rubric import MAX_COMMENTS, MAX_CRITERIA
from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app.class_database import Identity, QuestionRecord
from leaderboard_app.views import asking

_MAX = 2000


def draw(settings: BoardSettings, who: Identity, question: QuestionRecord) -> None:
    """Draw the form."""
    slug, cell = question.assignment, question.grade_id
    with st.expander(_("Criteria and comments"), icon=":material/checklist:"):
        st.caption(
            _("Kept in the class folder, in {path}; editing it there is as good.").format(
                path=f"`source/{slug}/rubric.toml`"
            )
        )
        with st.form(f"rubric-{slug}-{cell}", border=False):
            criteria = st.text_area(
                _("Criteria: points and a text in each line, at most {most}").format(most=MAX_CRITERIA),
                "\n".join(f"{one.points:g} {one.text}" for one in question.rubric.criteria),
                max_chars=_MAX,
                placeholder=_("0.5 The gradient is a product of derivatives"),
            )
            comments = st.text_area(
                _("Comments to choose from: one in each line, at most {most}").format(most=MAX_COMMENTS),
                "\n".join(question.rubric.comments),
                max_chars=_MAX,
            )
            if st.form_submit_button(_("Save"), icon=":material/save:"):
                asking.ask(settings, who, "rubric", assignment=slug, cell=cell, criteria=criteria, comments=comments)
                st.rerun(scope="fragment")
