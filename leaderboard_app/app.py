"""Entry point of the page for `streamlit run`: it chooses language and page, nothing else."""

from __future__ import annotations

import os

import streamlit as st

from grader.errors import EnvironmentFault
from grader.language import _, speaking
from leaderboard_app import languages
from leaderboard_app.formatting import plain
from leaderboard_app.settings import BoardSettings
from leaderboard_app.views import assignment, how, overall


def main() -> None:
    """Draw the frame and the page that the address names."""
    with speaking(languages.chosen()):
        settings = _settings()
        st.set_page_config(page_title=settings.class_title or _("Springfield Grader"), page_icon="🍩", layout="wide")
        page = st.navigation(
            [
                st.Page(
                    lambda: overall.render(settings),
                    title=_("Standings"),
                    icon=":material/trophy:",
                    url_path="standings",
                    default=True,
                ),
                st.Page(
                    lambda: assignment.render(settings),
                    title=_("Assignments"),
                    icon=":material/assignment:",
                    url_path="assignments",
                ),
                st.Page(how.render, title=_("How grading works"), icon=":material/help:", url_path="how"),
            ],
            position="top",
        )
        _header(settings)
        page.run()


def _settings() -> BoardSettings:
    try:
        return BoardSettings.from_environment(os.environ)
    except EnvironmentFault as fault:
        st.error(plain(str(fault)))
        st.stop()


def _header(settings: BoardSettings) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(plain(settings.class_title or _("Springfield Grader")), width="content")
        languages.switch()


if __name__ == "__main__":
    main()
