"""Page and watcher together: one command starts both and stops both."""

from __future__ import annotations

import os
import subprocess
import threading

from grader.course import Course
from grader.database import ClassDatabase
from grader.errors import EnvironmentFault
from grader.page_rules import publish_rules
from grader.page_view import page_command
from leaderboard_app.serve import command
from leaderboard_app.settings import BoardSettings

_STOP_S = 10
_LOOK_S = 0.5


def page_settings(course: Course, *, takes_uploads: bool) -> BoardSettings:
    """What the page is told of the class."""
    return BoardSettings(
        course.database_url,
        course.config.name,
        course.config.timezone,
        inbox=str(course.inbox) if takes_uploads else "",
    )


def serve_class(course: Course, stop: threading.Event, *, address: str, port: int, slots: int = 0) -> None:
    """Serve the page, walled in, and grade what comes in, until `stop` is set or the page ends.

    Raises:
        EnvironmentFault: the page cannot be started or has ended by itself, or another `grader` is at work.
    """
    with ClassDatabase.open(course.database_url) as database:
        publish_rules(course, database)
    course.inbox.mkdir(mode=0o700, exist_ok=True)
    settings = page_settings(course, takes_uploads=True)
    environment = {**_plain_environment(), **settings.to_environment()}
    arguments = page_command(course, command(address=address, port=port), environment)
    page = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
    ended = threading.Event()
    looking = threading.Thread(target=_look_after, args=(page, stop, ended), daemon=True)
    looking.start()
    try:
        from grader.watching.loop import watch  # noqa: PLC0415  it loads torch for seconds, while the page is up already

        watch(course, stop, slots=slots)
    finally:
        stop.set()
        _end(page)
        looking.join()
    if ended.is_set():
        raise EnvironmentFault(
            f"The page has ended by itself (exit code {page.returncode}).",
            remedy="Is the port taken? What it said stands above.",
        )


def _plain_environment() -> dict[str, str]:
    """What the page needs of this process's environment, and nothing that may be a secret."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}


def _look_after(page: subprocess.Popen[bytes], stop: threading.Event, ended: threading.Event) -> None:
    """Stop all where the page ends by itself: a watcher without a page would look alive and not be."""
    while not stop.wait(_LOOK_S):
        if page.poll() is not None:
            ended.set()
            stop.set()


def _end(page: subprocess.Popen[bytes]) -> None:
    page.terminate()
    try:
        page.wait(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        page.kill()
        page.wait()
