"""The reader's language: Russian first, English by the switch or by `?lang=en`."""

from __future__ import annotations

import streamlit as st

from grader.language import Language, _

_KEY = "lang"
_NAMES: dict[Language, str] = {"ru": "Русский", "en": "English"}


def chosen() -> Language:
    """The language of this session; known before the switch is drawn, since the menu above it needs it."""
    value = st.session_state.get(_KEY) or st.query_params.get(_KEY)
    return "en" if value == "en" else "ru"


def switch() -> None:
    """Draw the switch; the choice stands in the address too, so that a shared link keeps it."""
    language = st.segmented_control(
        _("Language"),
        options=list(_NAMES),
        default=chosen(),
        format_func=_NAMES.__getitem__,
        key=_KEY,
        label_visibility="collapsed",
        required=True,
    )
    # Not `bind="query-params"`: that puts the label into the address, and `?lang=en` would mean nothing.
    if language == "en":
        st.query_params[_KEY] = language
    else:
        st.query_params.pop(_KEY, None)
