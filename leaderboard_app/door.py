"""The door of the page's server: what of Streamlit's own addresses is answered at all, and to whom.

Streamlit takes an upload into memory from whoever has a session, and everybody who opens the page has one. Here a
request is judged by its head, before any of its body is read.
"""

from __future__ import annotations

import os
import re
from http.cookies import CookieError, SimpleCookie

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from grader.service.page_settings import FILE_MIB, BoardSettings
from leaderboard_app.class_database import Board, BoardUnavailable, Identity, has_way_in, identify
from leaderboard_app.identity import COOKIE
from leaderboard_app.part_requests import ADDRESS, PartRequests
from leaderboard_app.uploads_in_memory import MIB, Uploads

# Measured: 400 tabs of visitors take 21 MiB. Whoever has a link finds room beside them; an account's cookie is read by
# Streamlit, so a school's accounts count among the visitors here.
MAX_TABS = 1000
MAX_VISITORS = 400
_ADDRESSES = re.compile(r"/_stcore/(health|host-config)|/auth/(login|logout)|/oauth2callback|/media/[\w.]+")
_FILES = re.compile(r"/_stcore/upload_file/(?P<session>[\w-]+)/(?P<file>[\w-]+)")
_CLOSED = re.compile(r"/(_stcore|component|media|auth)(/|$)")
_STREAM = "/_stcore/stream"


def _is_held(session: str, file: str) -> bool:
    return bool(runtime.get_instance().uploaded_file_mgr.get_files(session, [file]))


uploads = Uploads(_is_held)


def expect_upload(who: Identity) -> None:
    """Let the tab that is drawn just now send files."""
    context = get_script_run_ctx()
    if context is not None:
        uploads.expect(context.session_id, who.access_id)


def drop_uploads() -> None:
    """Free the memory of what the tab that is drawn just now has sent."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


class Door:
    """ASGI middleware around Streamlit's server.

    Args:
        app: what stands behind the door.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tabs = 0
        self._visitors = 0
        self._parts = PartRequests(_may_enter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._tab(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = str(scope["path"]), str(scope["method"])
        file = _FILES.fullmatch(path)
        part = ADDRESS.fullmatch(path)
        if part is not None:
            await self._parts.answer(part["ticket"], part["key"], scope, receive, send)
        elif file is not None and method in ("PUT", "DELETE"):
            await self._file(file["session"], file["file"], scope, receive, send)
        elif _CLOSED.match(path) and not _ADDRESSES.fullmatch(path):
            await _refuse(404, "There is nothing here.")(scope, receive, send)
        elif method not in ("GET", "HEAD"):
            await _refuse(405, "This page is only read.")(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _file(self, session: str, file: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not await run_in_threadpool(_may_send, session):
            await _refuse(403, "Files are taken from students with a personal link, on the page `Hand in`.")(
                scope, receive, send
            )
            return
        if scope["method"] == "DELETE":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            await _refuse(411, "The request has to say how long it is.")(scope, receive, send)
            return
        if int(length) > FILE_MIB * MIB:
            await _refuse(413, f"A file may have {FILE_MIB} MiB.")(scope, receive, send)
            return
        number = uploads.begin(session, file, int(length))
        if number is None:
            await _refuse(429, "Too much is waiting to be handed in. Hand in or remove a file, and try again.")(
                scope, receive, send
            )
            return
        try:
            await self._app(scope, receive, send)
        finally:
            uploads.end(number)

    async def _tab(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_known = await run_in_threadpool(_is_known, Headers(scope=scope).get("cookie", ""))
        is_full = self._tabs >= MAX_TABS or (not is_known and self._visitors >= MAX_VISITORS)
        if scope["path"] != _STREAM or is_full:
            await receive()
            await send({"type": "websocket.close", "code": 1013})
            return
        self._tabs += 1
        self._visitors += not is_known
        try:
            await self._app(scope, receive, send)
        finally:
            self._tabs -= 1
            self._visitors -= not is_known


def _refuse(status: int, text: str) -> PlainTextResponse:
    # Whatever the body holds is not waited for.
    return PlainTextResponse(text, status, headers={"Connection": "close"})


def _may_send(session: str) -> bool:
    """Whether a form is open in this tab, for somebody whose way in still holds."""
    person = uploads.person_of(session)
    if person is None or not runtime.get_instance().is_active_session(session):
        uploads.forget(session)
        return False
    return _may_enter(person)


def _may_enter(person: int) -> bool:
    """Whether somebody's way in still holds."""
    try:
        with _board() as board:
            return has_way_in(board, person)
    except BoardUnavailable:
        return False


def _is_known(cookies: str) -> bool:
    try:
        token = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return False
    if token is None:
        return False
    try:
        with _board() as board:
            return identify(board, token=token.value) is not None
    except BoardUnavailable:
        return False


def _board() -> Board:
    return Board.open(BoardSettings.from_environment(os.environ).class_db_url)
