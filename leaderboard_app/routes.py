"""The page's other pages, for a button that leads to one of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_KEY = "_springfield_pages"


def remember(pages: Sequence[StreamlitPage]) -> None:
    """Keep the pages of this run, which `st.switch_page` asks for."""
    st.session_state[_KEY] = {page.url_path: page for page in pages}


def go_to(url_path: str, assignment: str) -> None:
    """Open another page with an assignment chosen."""
    page = st.session_state[_KEY][url_path]
    st.switch_page(page, query_params={"assignment": assignment})
