"""Reminders that a teacher asked for on the page: sent in a thread, since a mail server may take its time."""

from __future__ import annotations

import threading

from grader.collect.inbox import Request
from grader.course.folder import Course
from grader.errors import GraderError
from grader.language import _, speaking
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
from grader.service.reminding import remind

ACTION = "remind"
_MAX_TEXT = 500


def start_reminding(course: Course, author: str, request: Request) -> threading.Thread:
    """Begin to send; what comes of it is a line in the log. Killed meanwhile, nobody is reminded twice."""
    thread = threading.Thread(target=_remind, args=(course, author, request), name="reminders", daemon=True)
    thread.start()
    return thread


def _remind(course: Course, author: str, request: Request) -> None:
    with speaking(course.config.language):
        try:
            remind(course, request.fields.get("assignment", ""), author, request.id)
        except GraderError as error:
            _refuse(course, author, request, str(error))
        except Exception as error:  # noqa: BLE001  a library's error may name an address with its password
            _refuse(course, author, request, _("Reminders failed: {kind}.").format(kind=type(error).__name__))


def _refuse(course: Course, author: str, request: Request, reason: str) -> None:
    with ClassDatabase.open(course.database_url) as database:
        Decisions(database).log(author, "refused", ACTION, reason[:_MAX_TEXT], request.id)
