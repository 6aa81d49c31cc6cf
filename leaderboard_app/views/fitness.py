"""Say before a file is sent whether it can be graded."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from grader.errors import InvalidSubmission
from grader.language import _
from leaderboard_app import formatting


def is_fit(check: Callable[[], object]) -> bool:
    """Whether a check lets the chosen files through; the reader is told either way.

    Args:
        check: raises `InvalidSubmission` where they cannot be graded.
    """
    try:
        check()
    except InvalidSubmission as error:
        st.error(
            _("This file cannot be graded. It was not sent and not counted.")
            + f"\n\n{formatting.plain_lines(error.message)}\n\n{formatting.plain(error.remedy)}",
            icon=":material/error:",
        )
        return False
    st.markdown(":material/check: " + _("The file is fit to be graded."))
    return True
