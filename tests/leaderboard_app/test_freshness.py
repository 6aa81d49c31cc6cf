"""A page asks small and is drawn anew only where something has changed: the real page, by Streamlit's protocol."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from plausible_class import BLOCKS, contest_run, fill, run
from streamlit_client import Session, everything

from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.queries import BoardUnavailable
from grader.service.page_settings import BoardSettings
from leaderboard_app import turns
from leaderboard_app.class_data import _Shared

QUERY = "assignment=springfield&lang=en"
BOARD = b"Students by alias"
MARK = "you →".encode()
SHORTLY_S = 2.2  # longer than a view is taken for fresh


@pytest.mark.slow
def test_a_look_that_finds_nothing_new_sends_no_board_and_one_that_does_sends_all_of_it(
    serve: Callable[[BoardSettings], str], full_class: str
) -> None:
    address = serve(BoardSettings(full_class))

    async def visit() -> tuple[bytes, bytes, list[bytes], bytes]:
        async with Session(address) as session:
            opened = everything(await session.run("assignments", QUERY))
            assert len(session.fragments) == 1
            idle = everything(await session.run("assignments", QUERY, session.fragments[0]))
            with ClassDatabase.open(full_class) as database:
                database.record_run(contest_run(3, 990, day=40, hour=1))
            await asyncio.sleep(SHORTLY_S)
            changed = await session.run("assignments", QUERY, session.fragments[0])
            again = everything(await session.run("assignments", QUERY, session.fragments[0]))
            return opened, idle, [message.SerializeToString() for message in changed], again

    opened, idle, changed, again = asyncio.run(visit())
    assert BOARD in opened
    assert b"As of" in idle
    for quiet in (idle, again):
        assert BOARD not in quiet
        assert len(quiet) < 4000
    assert sum(BOARD in message for message in changed) == 1
    assert any(b"0.99899" in message for message in changed)


@pytest.mark.slow
def test_a_link_that_is_revoked_marks_nobody_at_the_next_look(
    serve: Callable[[BoardSettings], str], full_class: str
) -> None:
    token = new_token()
    with ClassDatabase.open(full_class) as database:
        AccessList(database).invite_student("student0", "Student", token_sha256=hashed(token))
    address = serve(BoardSettings(full_class))

    async def visit() -> tuple[bytes, bytes, bytes]:
        async with Session(address, f"springfield_key={token}") as session:
            opened = everything(await session.run("assignments", QUERY))
            idle = everything(await session.run("assignments", QUERY, session.fragments[0]))
            with ClassDatabase.open(full_class) as database:
                AccessList(database).revoke(student_id="student0")
            return opened, idle, everything(await session.run("assignments", QUERY, session.fragments[0]))

    opened, idle, revoked = asyncio.run(visit())
    assert MARK in opened
    assert BOARD not in idle
    assert BOARD in revoked
    assert MARK not in revoked


def look_again(shared: _Shared) -> None:
    """As if the view were no longer fresh and a minute had gone by."""
    shared._checked_at = -1e9
    shared._version = None


def test_a_view_that_says_the_same_is_the_same_view(full_class: str) -> None:
    shared = _Shared(full_class)
    first = shared.latest()
    look_again(shared)
    assert shared.latest() is first
    with ClassDatabase.open(full_class) as database:
        database.record_run(run(3, BLOCKS[0], 6.0, day=50))
    assert shared.latest() is first
    look_again(shared)
    assert shared.latest().read_at > first.read_at


def test_nobody_waits_while_another_reads_the_class_anew(full_class: str) -> None:
    shared = _Shared(full_class)
    first = shared.latest()
    look_again(shared)
    with shared._lock:
        assert shared.latest() is first


def test_a_database_that_is_gone_is_said_and_one_that_is_back_is_shown(url: str, tmp_path: Path) -> None:
    fill(url)
    shared = _Shared(url)
    first = shared.latest()
    (tmp_path / "class.db").rename(tmp_path / "away")
    look_again(shared)
    for _try in range(2):
        with pytest.raises(BoardUnavailable):
            shared.latest()
    (tmp_path / "away").rename(tmp_path / "class.db")
    assert shared.latest().overall == first.overall


def test_two_pages_are_drawn_at_once_a_part_takes_no_place_and_a_fault_gives_it_back() -> None:
    drawing, most, lock = 0, 0, threading.Lock()

    def draw() -> None:
        nonlocal drawing, most
        try:
            with turns.in_turn(), turns.in_turn():
                with lock:
                    drawing += 1
                    most = max(most, drawing)
                time.sleep(0.02)
                with lock:
                    drawing -= 1
                raise ValueError
        except ValueError:
            return

    threads = [threading.Thread(target=draw) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_nobody_waits_for_ever_for_a_page_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE_S", 0.05)
    drawn, slow = threading.Event(), threading.Event()

    def draw_slowly() -> None:
        with turns.in_turn():
            slow.wait(20)

    threads = [threading.Thread(target=draw_slowly) for _n in range(2)]
    for thread in threads:
        thread.start()
    with turns.in_turn(), turns.in_turn():
        drawn.set()
    slow.set()
    for thread in threads:
        thread.join()
    assert drawn.is_set()
