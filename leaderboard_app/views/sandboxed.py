"""A feedback page within the page, in a frame that has no rights."""

from __future__ import annotations

import html

import streamlit as st

from grader.language import _

_FRAME_PX = 720


def feedback_frame(page: bytes) -> None:
    """Show a student's feedback page."""
    st.iframe(_in_sandboxed_frame(page.decode("utf-8", "replace")), height=_FRAME_PX, alt=_("Feedback"))


def _in_sandboxed_frame(page: str) -> str:
    """The feedback page in a frame without any rights: no scripts, no origin, no way to the page around it.

    `grader.show.feedback` has escaped all that a student wrote; this holds even where it should not have.
    """
    return (
        "<!DOCTYPE html><style>html,body,iframe{margin:0;border:0;width:100%;height:100%}</style>"
        f'<iframe sandbox="" referrerpolicy="no-referrer" title="feedback" srcdoc="{html.escape(page)}"></iframe>'
    )
