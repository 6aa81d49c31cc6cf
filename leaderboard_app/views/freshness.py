"""The lines under a table: what it shows and how fresh it is."""

from __future__ import annotations

import streamlit as st
from babel.dates import format_time

from grader.language import Language, _
from leaderboard_app.class_data import ClassData
from leaderboard_app.formatting import plain
from leaderboard_app.settings import BoardSettings


def read_note(data: ClassData, settings: BoardSettings, language: Language) -> None:
    """Say whose grades these are not, when the data was read, and in which zone times are."""
    st.caption(_("The board shows each best submission. Grades come from the gradebook: the last one handed in."))
    clock = format_time(data.read_at.astimezone(settings.zone), "HH:mm:ss", locale=language)
    note = _("As of {clock}. Times are in the zone {zone}. The page refreshes itself.")
    st.caption(note.format(clock=clock, zone=plain(settings.timezone)))
