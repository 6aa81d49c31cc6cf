"""Requests that bring a large file in parts, straight to the disk: a part is a few MiB, and no more lies in memory.

A form on the page has a *ticket*, an address of its own for the person that it was shown to. Under it the browser asks
how many bytes have come (`GET /parts/<ticket>/<key>`), and sends the next ones (`PUT` with their offset).
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from grader.collect.parts import PART_BYTES, DayLimit, DayUsedUp, Parts
from grader.errors import EnvironmentFault, InvalidSubmission

ADDRESS = re.compile(r"/parts/(?P<ticket>[\w-]{20,60})/(?P<key>[0-9a-f]{16})")
TICKET_S = 12 * 3600
MAX_TICKETS = 5000
MAX_AT_ONCE = 16  # parts in memory: 64 MiB
_OFFSET = re.compile(r"\d{1,12}")


@dataclass(frozen=True)
class _Ticket:
    person: int
    inbox: Path
    until: float
    day: DayLimit


class Tickets:
    """Whose form an address belongs to. They live in this process: a page that starts anew shows forms anew."""

    def __init__(self) -> None:
        self._known: dict[str, _Ticket] = {}
        self._lock = threading.Lock()

    def give(self, person: int, inbox: Path, day: DayLimit) -> str:
        """An address for this person's form, and what the person may send on a day."""
        now = time.monotonic()
        with self._lock:
            self._known = {name: ticket for name, ticket in self._known.items() if ticket.until > now}
            while len(self._known) >= MAX_TICKETS:
                self._known.pop(next(iter(self._known)))
            name = secrets.token_urlsafe(24)
            self._known[name] = _Ticket(person, inbox, now + TICKET_S, day)
        return name

    def is_good(self, name: str) -> bool:
        """Whether an address is known and not too old."""
        ticket = self._known.get(name)
        return ticket is not None and ticket.until > time.monotonic()

    def parts(self, name: str) -> Parts | None:
        """The files that the form may write; None where the address is not known or too old."""
        ticket = self._known.get(name)
        return Parts(ticket.inbox, ticket.person, ticket.day) if ticket is not None and self.is_good(name) else None


tickets = Tickets()


class PartRequests:
    """Answers requests for `/parts/...`.

    Args:
        may_enter: whether a person's way in still holds.
    """

    def __init__(self, may_enter: Callable[[int], bool]) -> None:
        self._may_enter = may_enter
        self._at_once = 0

    async def answer(self, ticket: str, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body is read only where it is wanted."""
        parts = tickets.parts(ticket)
        if parts is None or not await run_in_threadpool(self._may_enter, parts.access_id):
            await _say(403, 0, "This form is out of date. Load the page again.")(scope, receive, send)
            return
        if scope["method"] == "GET":
            await _say(200, await run_in_threadpool(parts.held, key))(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        offset = parse_qs(scope["query_string"].decode("latin-1")).get("offset", [""])[0]
        is_plain = length.isascii() and length.isdigit() and _OFFSET.fullmatch(offset) is not None
        if scope["method"] != "PUT" or not is_plain or not 0 < int(length) <= PART_BYTES:
            await _say(400, 0, f"A part has from 1 to {PART_BYTES} bytes, and an offset.")(scope, receive, send)
            return
        if self._at_once >= MAX_AT_ONCE:
            await _say(503, 0, "Many files are on their way. It goes on by itself.")(scope, receive, send)
            return
        self._at_once += 1
        try:
            data = await _body(receive, int(length))
            response = await run_in_threadpool(_keep, parts, key, int(offset), data)
        finally:
            self._at_once -= 1
        await response(scope, receive, send)


def _keep(parts: Parts, key: str, offset: int, data: bytes) -> JSONResponse:
    try:
        held = parts.append(key, offset, data)
    except DayUsedUp as error:
        return _say(429, parts.held(key), str(error))
    except InvalidSubmission as error:
        return _say(413, 0, str(error))
    except EnvironmentFault:
        return _say(507, 0, "The file could not be kept: the disk is full, or too much is waiting.")
    return _say(200 if held == offset + len(data) else 409, held)


async def _body(receive: Receive, length: int) -> bytes:
    """The request's body; what the browser breaks off in the middle is a shorter one, and kept as far as it came."""
    data = bytearray()
    while len(data) < length:
        message = await receive()
        if message["type"] != "http.request":
            break
        data += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(data[:length])


def _say(status: int, held: int, text: str = "") -> JSONResponse:
    headers = {"Cache-Control": "no-store"} | ({"Connection": "close"} if status >= 400 else {})
    return JSONResponse({"held": held, "text": text}, status, headers)
