"""What people have written, on the page: a student's answer is hostile text, an author's is not."""

from __future__ import annotations

import streamlit as st

from grader.language import _


def answer(text: str, *, is_code: bool) -> None:
    """Show a student's answer: code as code, words as Markdown without anything that acts or loads."""
    if not text.strip():
        st.markdown(f"*{_('There is no answer here.')}*")
    elif is_code:
        st.code(text, language="python", wrap_lines=True)
    else:
        # It takes a second, and only a teacher's page has a use for it.
        from grader.show.feedback.markup import markdown  # noqa: PLC0415

        st.html(f'<div style="overflow-wrap: anywhere">{markdown(text)}</div>')


def authors(text: str, *, is_code: bool) -> None:
    """Show what the assignment's author has written."""
    if is_code:
        st.code(text, language="python", wrap_lines=True)
    else:
        st.markdown(text)
