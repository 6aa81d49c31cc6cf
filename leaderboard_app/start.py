"""Load what every visitor needs, then become the page's server: so the first visitor does not wait for imports."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import altair  # noqa: F401  charts; Streamlit would load it with the first one
import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from streamlit import config
from streamlit.web.bootstrap import load_config_options

from grader.scoring.f1 import wilson
from grader.service.page import NOT_STARTED
from leaderboard_app import app  # noqa: F401  with all views
from leaderboard_app.connections import HEAD_BYTES, PatientOnce
from leaderboard_app.door import Door
from leaderboard_app.memory import limit_memory
from leaderboard_app.uploads_in_memory import MIB

_SCRIPT = Path(__file__).parent / "app.py"
_MESSAGE_BYTES = MIB  # what a browser says is which buttons were pressed; files come another way
_CLOSING_S = 2  # tabs that are open when the page is stopped are not waited for


def main() -> None:
    """Serve; the arguments are Streamlit's options, as `--server.port=8501`."""
    wilson(1, 2)  # scipy is loaded at its first use
    # The loop that sends gives the interpreter away with every message and waits this long for it while a page is
    # drawn: with Python's own 5 ms, 300 tabs waited for seconds beside an idle processor.
    sys.setswitchinterval(0.0005)
    load_config_options(_options(sys.argv[1:]))
    # For every refresh it looks six times through all of its options for those of the theme: an eighth of the page's
    # time. They do not change while it runs.
    config.get_options_for_section = cache(config.get_options_for_section)
    gc.freeze()  # or each full collection walks the libraries' objects again
    limit_memory()
    server = uvicorn.Server(_server())
    server.run()
    sys.exit(0 if server.started else NOT_STARTED[0])


def _server() -> uvicorn.Config:
    """The page behind its door. We start uvicorn, not Streamlit, to limit what a visitor may send."""
    return uvicorn.Config(
        st.App(_SCRIPT, middleware=[Middleware(Door)]),
        host=config.get_option("server.address"),
        port=config.get_option("server.port"),
        http=PatientOnce,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ws="websockets-sansio",
        ws_max_size=_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # a small message can unpack to a large one
        ws_ping_interval=30,
        ws_ping_timeout=30,
        timeout_graceful_shutdown=_CLOSING_S,
        access_log=False,
        log_level="warning",
        use_colors=False,
    )


def _options(arguments: Sequence[str]) -> dict[str, Any]:
    pairs = (argument.removeprefix("--").partition("=") for argument in arguments)
    return {name: _value(text) for name, _equals, text in pairs}


def _value(text: str) -> object:
    """A number, a list or `true` as such, anything else as the text it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


if __name__ == "__main__":
    main()
