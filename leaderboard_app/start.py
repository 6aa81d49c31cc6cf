"""Load what every visitor needs, then become Streamlit's server: so the first visitor does not wait for imports."""

from __future__ import annotations

import sys

import altair  # noqa: F401  charts; Streamlit would load it with the first one
from streamlit.web import cli

from grader.scoring.f1 import wilson
from leaderboard_app import app  # noqa: F401  with all views


def main() -> None:
    """Serve; the arguments are those of `streamlit`."""
    wilson(1, 2)  # scipy is loaded at its first use
    # The loop that sends gives the interpreter away with every message and waits this long for it while a page is
    # drawn: with Python's own 5 ms, 300 tabs waited for seconds beside an idle processor.
    sys.setswitchinterval(0.0005)
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
