"""How a table stays fresh: a small look at what has changed, and the whole page anew only where something has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import streamlit as st
from babel.dates import format_time

from grader.language import Language, _, speaking
from grader.service.page_settings import BoardSettings
from leaderboard_app import class_data, languages, own_work
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import BoardUnavailable
from leaderboard_app.formatting import plain
from leaderboard_app.turns import in_turn
from leaderboard_app.views.lateness import where_the_best_counts

_LOOK_S = 10


def keep_fresh(settings: BoardSettings, shown: ClassData, own_alias: str) -> None:
    """Say whose grades these are not and how fresh the page is; draw it again when something of it has changed.

    Args:
        settings: the class.
        shown: what the page shows.
        own_alias: whom it marks as the reader.
    """
    said = _("The board shows each best submission. Grades come from the gradebook: the last one handed in.")
    st.caption(said + where_the_best_counts(shown.boards))
    _look(settings, shown.read_at, own_alias, iter([True]))


# It draws nothing of the board: what a fragment draws goes when its next run does not draw it again.
@st.fragment(run_every=_LOOK_S)
def _look(settings: BoardSettings, read_at: datetime, own_alias: str, was_drawn: Iterator[bool]) -> None:
    with in_turn():
        # At first it runs within the page, which has just asked all of this.
        if not next(was_drawn, False) and not _is_fresh(settings, read_at, own_alias):
            st.rerun()
        language = languages.chosen()
        with speaking(language):
            _note(settings, language)


def _is_fresh(settings: BoardSettings, read_at: datetime, own_alias: str) -> bool:
    try:
        # Who is looking is asked every time: a link that was revoked marks nobody any more.
        return class_data.load(settings.class_db_url).read_at == read_at and own_work.own_alias(settings) == own_alias
    except BoardUnavailable:
        return False


def _note(settings: BoardSettings, language: Language) -> None:
    clock = format_time(datetime.now(UTC).astimezone(settings.zone), "HH:mm:ss", locale=language)
    note = _("As of {clock}. Times are in the zone {zone}. The page refreshes itself.")
    st.caption(note.format(clock=clock, zone=plain(settings.timezone)))
