"""The teacher's page: sections that are read only when they are opened, and only by a teacher."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import Board, Identity, hand_counts, waiting_doubts
from leaderboard_app.views import asking, statistics
from leaderboard_app.views.entrance import require_teacher, title_with_way_out
from leaderboard_app.views.teacher import (
    doubts,
    gradebook,
    integrity,
    invitations,
    looking,
    one_task,
    rules,
    waiting,
)
from leaderboard_app.views.unavailable import load_or_explain

_Section = Callable[[BoardSettings, Identity, ClassData], None]


def render(settings: BoardSettings) -> None:
    """Draw the page."""
    who = require_teacher(settings)
    data = load_or_explain(settings)
    title_with_way_out(_("Teacher"))
    st.caption(
        _("{name}. Names and private scores stand here: not for the projector.").format(name=formatting.plain(who.name))
    )
    with Board.open(settings.class_db_url) as board:
        answers, asked = sum(hand_counts(board).values()), waiting_doubts(board)
    sections: dict[str, tuple[str, _Section]] = {
        "gradebook": (_("Gradebook"), gradebook.draw),
        "waiting": (_counted(_("Waiting for you"), answers), waiting.draw),
        "doubts": (_counted(_("Questions"), asked), doubts.draw),
        "task": (_("One task"), one_task.draw),
        "statistics": (_("Statistics"), statistics.draw),
        "runs": (_("Runs"), looking.draw_runs),
        "anomalies": (_("Look twice"), looking.draw_anomalies),
        "integrity": (_("Alike works"), integrity.draw),
        "rules": (_("Deadlines and quotas"), rules.draw),
        "invitations": (_("Invitations"), invitations.draw),
        "log": (_("Log"), looking.draw_log),
    }
    chosen = st.segmented_control(
        _("Section"),
        options=list(sections),
        default="gradebook",
        format_func=lambda name: sections[name][0],
        key="teacher-section",
        label_visibility="collapsed",
        required=True,
    )
    if chosen != "waiting":  # the queue tells its own, within its fragment
        asking.tell()
    sections[chosen or "gradebook"][1](settings, who, data)


def _counted(title: str, count: int) -> str:
    """A section's name with how much waits in it."""
    return f"{title} · {count}" if count else title
