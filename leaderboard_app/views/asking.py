"""How the page gets something done: a request in the inbox, carried out by the watcher within a moment."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from grader.collect.inbox import Inbox
from grader.errors import EnvironmentFault
from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting
from leaderboard_app.class_database import Board, Identity, outcome_of

_PATIENCE_S = 4.0
_LOOK_S = 0.05
_SAID = "_teacher_said"


def ask(settings: BoardSettings, who: Identity, action: str, **fields: str) -> bool:
    """Ask for something and wait until it is done; what came of it is told by `tell` on the next run.

    Returns:
        Whether it was done.
    """
    request_id = send(settings, who, action, **fields)
    return bool(request_id) and wait(settings, request_id)


def send(settings: BoardSettings, who: Identity, action: str, **fields: str) -> str:
    """Ask for something without waiting for it; the request's number, empty where it could not be sent.

    Why not is told by `tell` on the next run.
    """
    if not settings.inbox:
        st.session_state[_SAID] = ("error", _("Nobody watches the inbox. Start the page with `grader serve`."))
        return ""
    try:
        return Inbox(Path(settings.inbox)).put_request(who.access_id, action, **fields).id
    except EnvironmentFault as fault:
        st.session_state[_SAID] = ("error", formatting.plain(str(fault)))
        return ""


def wait(settings: BoardSettings, request_id: str) -> bool:
    """Wait until a request was carried out; whether it was done, and why not is told by `tell`."""
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        time.sleep(_LOOK_S)
        with Board.open(settings.class_db_url) as board:
            outcome = outcome_of(board, request_id)
        if outcome is None:
            continue
        is_done = outcome.action != "refused"
        st.session_state[_SAID] = ("success", _("Done.")) if is_done else ("error", formatting.plain(outcome.detail))
        return is_done
    st.session_state[_SAID] = ("info", _("The watcher is busy or not running; your request waits for it."))
    return False


def tell() -> None:
    """Say what came of the last request, once."""
    kind, text = st.session_state.pop(_SAID, ("", ""))
    match kind:
        case "success":
            st.success(text, icon=":material/check_circle:")
        case "error":
            st.error(text, icon=":material/error:")
        case "info":
            st.info(text, icon=":material/hourglass_top:")
        case _nothing:
            return
