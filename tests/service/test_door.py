"""What the page's server takes, from whom, and how much: the real server in its view, and real requests."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import uvicorn
import websockets
from playwright.sync_api import Browser, Request, expect
from sending import MIB, answer_to, page_process, resident_mib, run_apart, send_file, session_id
from served_class import PATIENCE_MS, Served, go_to, hand_in, open_page, start, stop
from streamlit_client import Session

from grader.course.folder import Course
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.service.page_settings import FILE_MIB
from leaderboard_app import door
from leaderboard_app.connections import HEAD_BYTES, PatientOnce
from leaderboard_app.identity import COOKIE
from leaderboard_app.memory import ENDED_FOR_MEMORY
from leaderboard_app.uploads_in_memory import PERSON_MIB, Uploads

pytestmark = pytest.mark.slow


def cookie_of(served: Served, student: str) -> str:
    token = new_token()
    with ClassDatabase.open(served.course.database_url) as database:
        AccessList(database).invite_student(student, student, token_sha256=hashed(token))
    return f"{COOKIE}={token}"


def test_a_visitor_fills_no_memory_with_files(served: Served) -> None:
    async def attack() -> list[int]:
        async with Session(served.address) as visitor:
            session = session_id(await visitor.run("hand-in", "assignment=resnet"))
            return [await asyncio.to_thread(send_file, served, session, 9 * MIB) for _ in range(60)]

    before = resident_mib(served)
    assert run_apart(attack()) == [403] * 60
    grown = resident_mib(served) - before
    print(f"60 files of a visitor: the page's process grew by {grown:.0f} MiB")
    assert grown < 60


def test_a_student_may_send_files_once_the_form_is_shown_and_no_more_than_is_needed(served: Served) -> None:
    cookie = cookie_of(served, "ralph")

    async def visit() -> dict[str, list[int]]:
        def put(size: int, *, says_length: bool = True) -> int:
            return send_file(served, session, size, cookie=cookie, says_length=says_length)

        async with Session(served.address, cookie) as tab:
            session = session_id(await tab.run("assignments", "assignment=resnet"))
            answers = {"no form": [await asyncio.to_thread(put, MIB)]}
            await tab.run("hand-in", "assignment=resnet")
            answers["too large"] = [await asyncio.to_thread(put, FILE_MIB * MIB + 1)]
            answers["endless"] = [await asyncio.to_thread(put, MIB, says_length=False)]
            answers["many"] = [await asyncio.to_thread(put, FILE_MIB * MIB) for _ in range(5)]
        async with Session(served.address, cookie) as tab:  # another tab is the same student
            session = session_id(await tab.run("hand-in", "assignment=resnet"))
            answers["other tab"] = [await asyncio.to_thread(put, MIB)]
        return answers

    held = PERSON_MIB // FILE_MIB
    assert run_apart(visit()) == {
        "no form": [403],
        "too large": [413],
        "endless": [411],
        "many": [204] * held + [429] * (5 - held),
        "other tab": [429],
    }


def test_a_link_that_was_revoked_sends_nothing_through_an_open_form(served: Served) -> None:
    cookie = cookie_of(served, "otto")

    async def visit() -> list[int]:
        async with Session(served.address, cookie) as tab:
            session = session_id(await tab.run("hand-in", "assignment=resnet"))
            first = await asyncio.to_thread(send_file, served, session, MIB, cookie=cookie)
            with ClassDatabase.open(served.course.database_url) as database:
                AccessList(database).revoke(student_id="otto")
            return [first, await asyncio.to_thread(send_file, served, session, MIB, cookie=cookie)]

    assert run_apart(visit()) == [204, 403]


@pytest.mark.browser
def test_what_was_handed_in_lies_in_memory_no_more(browser: Browser, served: Served, tmp_path: Path) -> None:
    page = open_page(browser.new_context(), served.invite("nelson"))
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            sent.append(request.url)

    page.on("request", note)
    go_to(page, served, "hand-in?assignment=resnet")
    hand_in(page, served.notebook(tmp_path, "untouched"))
    expect(page.get_by_text("Received. What becomes of it stands below.")).to_be_visible(timeout=PATIENCE_MS)
    session = sent[0].split("/")[-2]
    # Together they take the last byte that one student may hold.
    assert [send_file(served, session, FILE_MIB * MIB) for _ in range(PERSON_MIB // FILE_MIB)] == [204] * 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/hand-in", 200),
        ("GET", "/_stcore/health", 200),
        ("GET", "/_stcore/host-config", 200),
        ("GET", "/_stcore/metrics", 404),
        ("OPTIONS", "/_stcore/metrics", 404),
        ("GET", "/_stcore/metrics/", 404),
        ("GET", "/%5fstcore/metrics", 404),
        ("GET", "/_stcore/script-health-check", 404),
        ("GET", "/_stcore/agent/openapi.json", 404),
        ("POST", "/_stcore/agent/interact", 404),
        ("POST", "/_stcore/agent/mcp", 404),
        ("GET", "/_stcore/bidi-components/x/y.js", 404),
        ("GET", "/component/x/index.html", 404),
        ("GET", "/_stcore/upload_file/a/b", 404),
        ("DELETE", "/_stcore/upload_file/a/b", 403),
        ("POST", "/", 405),
        ("PUT", "/anything", 405),
    ],
)
def test_the_server_answers_where_the_page_needs_it_and_nowhere_else(
    served: Served, method: str, path: str, status: int
) -> None:
    assert answer_to(served, method, path) == status


def test_a_crowd_of_visitors_leaves_room_for_the_class(served: Served) -> None:
    cookie = cookie_of(served, "barney")

    async def crowd() -> int:
        address = served.address.replace("http", "ws", 1) + "/_stcore/stream"
        kinds = [websockets.Subprotocol("streamlit")]
        tabs, refused = [], 0
        for _ in range(door.MAX_VISITORS + 20):
            try:
                tabs.append(await websockets.connect(address, subprotocols=kinds, open_timeout=60))
            except websockets.InvalidStatus:
                refused += 1
        async with Session(served.address, cookie) as student:
            assert await student.run("me")
        for tab in tabs:
            await tab.close()
        return refused

    assert run_apart(crowd()) >= 20
    assert run_apart(visited(served))  # they have left


async def visited(served: Served) -> int:
    async with Session(served.address) as visitor:
        return len(await visitor.run(""))


def test_a_large_message_of_a_visitor_is_not_taken(served: Served) -> None:
    async def say() -> int | None:
        async with Session(served.address) as visitor:
            await visitor.run("")
            await visitor._socket.send(b"x" * (2 * MIB))
            try:
                while True:
                    await asyncio.wait_for(visitor._socket.recv(), 60)
            except websockets.ConnectionClosedError as closed:
                return closed.rcvd.code if closed.rcvd else None

    assert run_apart(say()) == 1009


class Hasty(PatientOnce):
    """As in the page, on another clock."""

    head_s = 0.5
    most = 20


@pytest.fixture
def connect() -> Iterator[Callable[[], socket.socket]]:
    """A server whose application answers with one word; makes connections to it."""

    async def application(scope: dict[str, object], receive: object, send: Callable[..., object]) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

    server = uvicorn.Server(
        uvicorn.Config(application, port=0, http=Hasty, h11_max_incomplete_event_size=HEAD_BYTES, log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    opened: list[socket.socket] = []

    def one() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=30))
        return opened[-1]

    yield one
    for connection in opened:
        connection.close()
    server.should_exit = True
    thread.join()


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side ends the connection before this one gives up."""
    try:
        return connection.recv(1000) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
def test_who_says_nothing_or_half_is_not_waited_for(connect: Callable[[], socket.socket], said: bytes) -> None:
    connection = connect()
    connection.sendall(said)
    assert is_closed(connection)


def test_a_second_half_request_on_one_connection_is_not_waited_for(connect: Callable[[], socket.socket]) -> None:
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"200 OK" in connection.recv(1000)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    while not is_closed(connection):  # the rest of the first answer
        pass


def test_a_head_without_end_is_refused(connect: Callable[[], socket.socket]) -> None:
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (HEAD_BYTES + 1000))
    assert b" 400 " in connection.recv(1000)


def test_more_connections_than_there_may_be_are_dropped(connect: Callable[[], socket.socket]) -> None:
    silent = [connect() for _ in range(Hasty.most)]
    assert is_closed(connect())
    assert len(silent) == Hasty.most


def test_all_files_together_are_capped_and_those_of_tabs_that_are_gone_do_not_count() -> None:
    held: set[tuple[str, str]] = set()
    uploads = Uploads(lambda session, file: (session, file) in held, person_bytes=10, total_bytes=15)
    for person, tab in enumerate("abc"):
        uploads.expect(tab, person)
    numbers = [uploads.begin("a", "1", 10), uploads.begin("b", "1", 5)]
    assert None not in numbers
    assert uploads.begin("c", "1", 1) is None
    held.add(("a", "1"))
    for number in numbers:
        uploads.end(number or 0)  # that of b was not kept
    assert uploads.begin("c", "1", 6) is None
    assert uploads.begin("c", "1", 5) is not None
    held.clear()  # tab a is gone
    assert uploads.begin("b", "2", 10) is not None
    assert uploads.begin("z", "1", 1) is None


def test_a_page_that_takes_too_much_memory_ends() -> None:
    code = (
        "import time; from leaderboard_app import memory; memory.RESIDENT_MIB = 200; memory.limit_memory();"
        "print('limited', flush=True); taken = b'x' * (400 << 20); time.sleep(60)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=50)
    assert ended.returncode == ENDED_FOR_MEMORY
    assert "more than 200" in ended.stderr


def test_a_page_that_was_killed_comes_back_and_the_watcher_goes_on(
    tmp_path: Path, copied: Callable[[Path], Course]
) -> None:
    served = start(copied(tmp_path / "class"), tmp_path / "serve.log")
    try:
        first = page_process(served)
        limits = Path(f"/proc/{first.pid}/limits").read_text()
        assert "unlimited" not in next(line for line in limits.splitlines() if "data size" in line).split()[3]
        os.kill(first.pid, signal.SIGKILL)
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up and not is_up(served):
            time.sleep(0.2)
        assert run_apart(visited(served))
        assert page_process(served).pid != first.pid
        assert served.process.poll() is None
    finally:
        assert stop(served) == 0
    assert "is started anew" in (tmp_path / "serve.log").read_text()
    assert not psutil.pid_exists(first.pid)


def is_up(served: Served) -> bool:
    try:
        return answer_to(served, "GET", "/_stcore/health") == 200
    except OSError:
        return False


def test_a_port_that_is_taken_ends_in_a_sentence(tmp_path: Path, copied: Callable[[Path], Course]) -> None:
    course = copied(tmp_path / "class")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "grader", "serve", "--class", str(course.root), "--port", str(port)]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 1
    assert "The page has ended by itself" in ended.stdout + ended.stderr
    assert "is started anew" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
