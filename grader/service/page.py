"""Start the page. Every setting is on the command line, so that an installed wheel needs no config file beside it."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from grader.service.page_settings import FILE_MIB, BoardSettings

# Exit codes of a page that could not be started, and would not be the next time: a port that is taken, an option that
# is wrong. 3 is uvicorn's. A page that was up ends with others: for memory, by a signal.
NOT_STARTED = (1, 2, 3)

_SETTINGS = {
    # 300 tabs refreshing every 10 s: with this on they waited for 41 s and 78 were dropped.
    "runner.postScriptGC": "false",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "viewer",
    "server.fileWatcherType": "none",
    "server.enableStaticServing": "false",
    "server.headless": "true",
    "server.showEmailPrompt": "false",
    "server.maxUploadSize": str(FILE_MIB),
    "browser.gatherUsageStats": "false",
    "logger.hideWelcomeMessage": "true",
    "global.developmentMode": "false",
}

# A doughnut on cream by day, street lamps by night. Text and links keep a contrast of at least 4.5 to 1.
_THEME = {
    "theme.baseRadius": "0.6rem",
    "theme.paddingTop": "1.5rem",
    "theme.paddingBottom": "2rem",
    "theme.headingFontSizes": '["2.1rem", "1.6rem", "1.3rem"]',
    "theme.metricValueFontSize": "1.9rem",
    "theme.metricValueFontWeight": "600",
    "theme.showWidgetBorder": "true",
    "theme.light.primaryColor": "#b5246f",
    "theme.light.backgroundColor": "#fffdf6",
    "theme.light.secondaryBackgroundColor": "#fff3cf",
    "theme.light.textColor": "#2a2440",
    "theme.light.linkColor": "#9c1f60",
    "theme.light.borderColor": "#eadfb8",
    "theme.light.dataframeBorderColor": "#efe6c8",
    "theme.light.dataframeHeaderBackgroundColor": "#fff3cf",
    "theme.light.chartCategoricalColors": '["#b5246f", "#c98a00", "#3b6fb5", "#2f7d4f"]',
    "theme.dark.chartCategoricalColors": '["#ffd447", "#ff8fc4", "#8ab8ff", "#8ed7a8"]',
    "theme.dark.primaryColor": "#cf3a88",
    "theme.dark.backgroundColor": "#191827",
    "theme.dark.secondaryBackgroundColor": "#262439",
    "theme.dark.textColor": "#f4f0e2",
    "theme.dark.linkColor": "#ffd447",
    "theme.dark.borderColor": "#3b3856",
    "theme.dark.dataframeBorderColor": "#33304b",
    "theme.dark.dataframeHeaderBackgroundColor": "#262439",
}


def command(*, address: str = "127.0.0.1", port: int = 8501) -> list[str]:
    """The command that serves the page; the class is named by `BoardSettings.to_environment` instead.

    Args:
        address: where to listen; beyond this machine only behind a proxy with TLS.
        port: where to listen.
    """
    listening = {"server.address": address, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in (_SETTINGS | _THEME | listening).items()]
    return [sys.executable, "-m", "leaderboard_app.start", *flags]


def serve(settings: BoardSettings, *, address: str = "127.0.0.1", port: int = 8501) -> NoReturn:
    """Become the page's server: this process is replaced, so a signal to it stops the page.

    Args:
        settings: the class to show.
        address: where to listen.
        port: where to listen.
    """
    arguments = command(address=address, port=port)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(arguments[0], arguments, {**os.environ, **settings.to_environment()})  # noqa: S606  no shell is meant
