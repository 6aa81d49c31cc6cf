"""The last resort: a fault of the grader's own becomes a file for whoever mends it, and a line for whoever met it."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grader import __version__
from grader.printable import printable

PREFIX = "grader-crash-"
_LIBRARIES = ("torch", "nbgrader", "nbformat", "jupyter_client", "SQLAlchemy", "pydantic", "typer", "streamlit")
_HIDDEN = "***"
_SECRETS = re.compile(
    r"(?P<before>://[^\s:/@'\"]*:)[^\s@'\"]+(?=@)"  # a password in a database's URL
    r"|(?P<named>\b(?:token|password|passwd|secret|key|seed)\w*['\"]?\s*[=:]\s*['\"]?)[^\s'\",&)]+",
    re.IGNORECASE,
)
_SECRET_OPTIONS = re.compile(r"--(seed|email|url|teacher)")  # who knows the seed of a split knows its answers


def write_report(error: BaseException, arguments: Sequence[str] | None = None) -> Path | None:
    """Write down what a person needs to mend the grader: no environment, no secrets, for its owner's eyes alone.

    Args:
        error: what nobody had expected.
        arguments: the command line; this process's where left out.

    Returns:
        The file, or None where not even that could be written.
    """
    text = "\n".join(
        [
            f"Springfield Grader {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
            f"Python {platform.python_version()} on {platform.platform()}",
            ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
            f"command: grader {' '.join(_shown(sys.argv[1:] if arguments is None else arguments))}",
            "",
            _redacted("".join(traceback.format_exception(error))),
        ]
    )
    try:
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=".txt")  # readable for its owner alone
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)


def in_a_line(error: BaseException) -> str:
    """What was raised, for a terminal or a log."""
    text = " ".join(printable(_redacted(str(error)), 300).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _shown(arguments: Sequence[str]) -> list[str]:
    shown: list[str] = []
    hides_next = False
    for argument in arguments:
        option, _equals, _value = argument.partition("=")
        is_secret = bool(_SECRET_OPTIONS.fullmatch(option))
        if hides_next:
            shown.append(_HIDDEN)
        else:
            shown.append(f"{option}={_HIDDEN}" if is_secret and _equals else ascii(_redacted(argument))[1:-1])
        hides_next = is_secret and not _equals and not hides_next
    return shown


def _redacted(text: str) -> str:
    return _SECRETS.sub(lambda found: f"{found['before'] or found['named']}{_HIDDEN}", text)
