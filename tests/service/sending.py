"""Files sent to the page's server as a browser's form sends them, or as no browser would."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psutil
from served_class import Served
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

T = TypeVar("T")
MIB = 1 << 20
HEAD = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.ipynb"\r\nContent-Type: text/plain\r\n\r\n'
TAIL = b"\r\n--B--\r\n"


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread of its own: Playwright keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def session_id(messages: list[ForwardMsg]) -> str:
    """The id of a tab, from what the server has sent it."""
    return next(m.new_session.initialize.session_id for m in messages if m.WhichOneof("type") == "new_session")


def form(size: int) -> bytes:
    """The body of a request with one file, so many bytes in all."""
    return HEAD + b"x" * (size - len(HEAD) - len(TAIL)) + TAIL


def send_file(
    served: Served, session: str, size: int, *, cookie: str = "", says_length: bool = True, method: str = "PUT"
) -> int:
    """Send a file; the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.request("GET", "/_stcore/health")
    answer = connection.getresponse()
    answer.read()
    mark = next(value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")
    connection.close()

    def parts() -> Iterator[bytes]:
        yield form(size)

    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    headers = {
        "Cookie": f"{mark}; {cookie}",
        "X-Xsrftoken": mark.split("=", 1)[1],
        "Content-Type": "multipart/form-data; boundary=B",
    }
    address = f"/_stcore/upload_file/{session}/{uuid.uuid4()}"
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
        connection.request(
            method, address, form(size) if says_length else parts(), headers, encode_chunked=not says_length
        )
    status = connection.getresponse().status
    connection.close()
    return status


def answer_to(served: Served, method: str, path: str) -> int:
    """The status of the answer to a request without a body."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.request(method, path)
    status = connection.getresponse().status
    connection.close()
    return status


def page_process(served: Served) -> psutil.Process:
    """The page's process, inside its view."""
    children = psutil.Process(served.process.pid).children(recursive=True)
    return next(
        child for child in children if "leaderboard_app.start" in child.cmdline() and "bwrap" not in child.cmdline()[0]
    )


def resident_mib(served: Served) -> float:
    """Memory of the page's process."""
    return page_process(served).memory_info().rss / MIB
