"""Page and watcher together: one command starts both and stops both."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import threading
from contextlib import suppress

from grader.course.folder import Course
from grader.errors import EnvironmentFault
from grader.fleet.machines import Machines
from grader.language import _
from grader.record.database import ClassDatabase
from grader.record.page_rules import publish_rules
from grader.service.page import NOT_STARTED, command
from grader.service.page_sandbox import page_command
from grader.service.page_settings import BoardSettings

_STOP_S = 10
_INFO_BYTES = 4096
_LOOK_S = 0.5
_log = logging.getLogger("grader.watch.page")


def page_settings(course: Course, *, takes_uploads: bool) -> BoardSettings:
    """What the page is told of the class."""
    return BoardSettings(
        course.database_url,
        course.config.name,
        course.config.timezone,
        inbox=str(course.inbox) if takes_uploads else "",
    )


def serve_class(
    course: Course, stop: threading.Event, *, address: str, port: int, slots: int = 0, machines: Machines | None = None
) -> None:
    """Serve the page, walled in, and grade what comes in, until `stop` is set or the page cannot be served.

    A page that ends by itself is started anew; the tabs that show it find it again.

    Args:
        course: the class.
        stop: ends it.
        address: where the page listens.
        port: where the page listens.
        slots: submissions at once; 0 takes the class's setting.
        machines: other machines that grade; then this one does not.

    Raises:
        EnvironmentFault: the page cannot be started, or another `grader` is at work.
    """
    with ClassDatabase.open(course.database_url) as database:
        publish_rules(course, database)
    course.inbox.mkdir(mode=0o700, exist_ok=True)
    settings = page_settings(course, takes_uploads=True)
    environment = {**_plain_environment(), **settings.to_environment()}
    page = _Page(page_command(course, command(address=address, port=port), environment))
    looking = threading.Thread(target=page.look_after, args=(stop,), daemon=True)
    looking.start()
    try:
        from grader.service.watcher.loop import watch  # noqa: PLC0415  it loads torch for seconds, while the page is up already

        watch(course, stop, slots=slots, machines=machines)
    finally:
        stop.set()
        looking.join()
    if page.failed_with is not None:
        raise EnvironmentFault(
            _("The page has ended by itself (exit code {failed_with}).").format(failed_with=page.failed_with),
            remedy=_("Is the port taken? What it said stands above."),
        )


class _Page:
    """The page's process, and the next one where it ends.

    Attributes:
        failed_with: exit code of a page that could not be started; None while it can.
    """

    def __init__(self, arguments: list[str]) -> None:
        self.failed_with: int | None = None
        self._arguments = arguments
        self._start()

    def look_after(self, stop: threading.Event) -> None:
        """Keep it running until `stop` is set; set it where that is hopeless: a watcher alone would look alive."""
        while not stop.wait(_LOOK_S):
            code = self._process.poll()
            if code is None:
                continue
            if code in NOT_STARTED:
                self.failed_with = code
                stop.set()
            else:
                _log.warning("The page has ended by itself (exit code %s) and is started anew.", code)
                os.close(self._info)
                self._start()
        self.end()

    def _start(self) -> None:
        bwrap, *arguments = self._arguments
        self._info, info = os.pipe()
        os.set_blocking(self._info, False)
        try:
            command = [bwrap, "--info-fd", str(info), *arguments]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[info])
        finally:
            os.close(info)

    def end(self) -> None:
        """End the page, also one that is only being started."""
        self._process.terminate()
        try:
            self._process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # A bubblewrap that ends while it lays out the view has not tied the process in it to its own life yet.
        with suppress(BlockingIOError, ValueError, KeyError, ProcessLookupError):
            os.kill(json.loads(os.read(self._info, _INFO_BYTES))["child-pid"], signal.SIGKILL)
        os.close(self._info)


def _plain_environment() -> dict[str, str]:
    """What the page needs of this process's environment, and nothing that may be a secret."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
