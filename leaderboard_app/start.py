"""Load what every visitor needs, then become Streamlit's server: so the first visitor does not wait for imports."""

from __future__ import annotations

import gc
import sys
from functools import cache

import altair  # noqa: F401  charts; Streamlit would load it with the first one
from streamlit import config
from streamlit.web import cli

from grader.scoring.f1 import wilson
from leaderboard_app import app  # noqa: F401  with all views


def main() -> None:
    """Serve; the arguments are those of `streamlit`."""
    wilson(1, 2)  # scipy is loaded at its first use
    # The loop that sends gives the interpreter away with every message and waits this long for it while a page is
    # drawn: with Python's own 5 ms, 300 tabs waited for seconds beside an idle processor.
    sys.setswitchinterval(0.0005)
    # For every refresh it looks six times through all of its options for those of the theme: an eighth of the page's
    # time. They do not change while it runs.
    config.get_options_for_section = cache(config.get_options_for_section)
    gc.freeze()  # or each full collection walks the libraries' objects again
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
