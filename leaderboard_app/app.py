"""Entry point of the page for `streamlit run`: it finds out who is looking, and routes; nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable

import streamlit as st

from grader.errors import EnvironmentFault
from grader.language import _, speaking
from grader.service.page_settings import BoardSettings
from leaderboard_app import identity, languages, routes
from leaderboard_app.class_database import Identity
from leaderboard_app.formatting import plain
from leaderboard_app.turns import in_turn
from leaderboard_app.views import assignment, hand_in, how, mine, overall, projector
from leaderboard_app.views.entrance import tell_refusal
from leaderboard_app.views.teacher import page as teacher
from leaderboard_app.views.widget_texts import name_menu


def main() -> None:
    """Draw the frame and the page that the address names."""
    with in_turn(), speaking(languages.chosen()):
        settings = _settings()
        st.set_page_config(page_title=settings.class_title or _("Springfield Grader"), page_icon="🍩", layout="wide")
        identity.sign_in(settings)
        pages = _pages(settings, identity.current(settings))
        routes.remember(pages)
        page = st.navigation(pages, position="top")
        _header(settings)
        name_menu()
        tell_refusal()
        page.run()


def _pages(settings: BoardSettings, who: Identity | None) -> list[st.Page]:
    """All pages; those that are not this reader's are not in the menu, and each checks again who is looking."""
    is_student = who is not None and who.student_id is not None

    def page(
        draw: Callable[[BoardSettings], None],
        title: str,
        icon: str,
        url: str,
        *,
        shown: bool = True,
        first: bool = False,
    ) -> st.Page:
        return st.Page(
            lambda: draw(settings),
            title=title,
            icon=f":material/{icon}:",
            url_path=url,
            default=first,
            visibility="visible" if shown else "hidden",
        )

    return [
        page(overall.render, _("Standings"), "trophy", "standings", first=True),
        page(assignment.render, _("Assignments"), "assignment", "assignments"),
        page(mine.render, _("My page"), "person", "me", shown=is_student),
        page(hand_in.render, _("Hand in"), "upload_file", "hand-in", shown=is_student),
        page(teacher.render, _("Teacher"), "school", "teacher", shown=who is not None and who.is_teacher),
        page(projector.render, _("Projector"), "cast", "projector", shown=who is not None and who.is_teacher),
        page(how.render, _("How grading works"), "help", "how"),
    ]


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
