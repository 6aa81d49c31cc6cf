"""How many tabs the page can bear: sessions that refresh a board, spoken to in Streamlit's own protocol.

    python tests/benchmarks/load.py --sessions 300 --every 10 --minutes 2

A class of 1,000 students with 10,000 contest entries is made in a temporary folder and served by the real page, on one
machine with this client. One tab in ten is a student's own page, the others show the contest's board, half of them
signed in. Every tab asks when a browser's timer would, whatever became of its last question, and a new result comes in
every so often. A refresh is timed from the moment it was due until the page's answer is here in full, the board drawn
anew included where it has changed. Printed: what opening takes, refreshes that found nothing new and those that brought
a result, how long a result is on its way to a tab, tabs that were dropped, memory, processor time of page and client.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy.orm import Session as Transaction
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from streamlit_client import Session

from grader.record.database import AssignmentRecord, ClassDatabase, RunState
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.schema import Entry, Run, Student, Submission
from grader.scoring.points import DEFAULT_TABLE, Fraction
from grader.service.page import command
from grader.service.page_settings import BoardSettings

TOTAL = 991
SIGNED_IN = 50
QUERY = "assignment=springfield&lang=en"
START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Result:
    """What the tabs saw.

    Attributes:
        opens_s: from the first message to the page.
        idle_s: refreshes that found nothing new.
        redrawn_s: refreshes that had the board drawn anew.
        arrivals_s: from the moment a result was stored until a tab shows it.
        dropped: what ended a tab before its time.
        received_bytes: by all tabs.
        memory_mib: of the page, once all tabs are open and at the end.
        page_cpu_s: processor time of the page while refreshes were timed.
        client_cpu_s: the same of this client.
    """

    opens_s: list[float] = field(default_factory=list)
    idle_s: list[float] = field(default_factory=list)
    redrawn_s: list[float] = field(default_factory=list)
    arrivals_s: list[float] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    received_bytes: int = 0
    memory_mib: list[int] = field(default_factory=list)
    page_cpu_s: float = 0.0
    client_cpu_s: float = 0.0


def fill(url: str, students: int, entries: int) -> list[str]:
    """Make the class; the tokens of some students."""
    tokens = [new_token() for _n in range(min(SIGNED_IN, students))]
    with ClassDatabase.open(url) as database:
        contest = AssignmentRecord("springfield", "Journey to Springfield", 15.0, is_contest=True)
        database.ensure_assignments([AssignmentRecord("resnet", "ResNet", 10.0), contest])
        database.transact(lambda transaction: _rows(transaction, students, entries))
        for number, token in enumerate(tokens):
            AccessList(database).invite_student(f"s{number}", f"Student {number}", token_sha256=hashed(token))
    return tokens


def _rows(transaction: Transaction, students: int, entries: int) -> None:
    dice = random.Random(1)
    transaction.add_all(Student(id=f"s{n}", alias=f"Alias {n}", name=f"Name {n}") for n in range(students))
    transaction.flush()
    for n in range(entries):
        _add(transaction, n, students, min(TOTAL, int(dice.gauss(930, 30))))


def _add(transaction: Transaction, n: int, students: int, correct: int) -> None:
    """The result number n of the class."""
    student, at = f"s{n % students}", START + timedelta(minutes=n)
    points = float(DEFAULT_TABLE.points_for(Fraction(correct, TOTAL)))
    submission = Submission(
        student_id=student, assignment="springfield", content_sha256=f"{n:064x}", source="folder", received_at=at
    )
    transaction.add(submission)
    transaction.flush()
    run = Run(
        submission_id=submission.id, key=f"k{n}", grader_version="0", assignment_revision="r", started_at=at,
        finished_at=at, wall_s=1.0, state=RunState.SCORED, points=points, max_points=15.0,
        report_json={"schema": 1, "problem": "", "tasks": []},
    )  # fmt: skip
    run.entry = Entry(
        student_id=student, assignment="springfield", metric="f1_micro", correct=correct, total=TOTAL, points=points
    )
    transaction.add(run)


class Course:
    """The class while it is watched: results come in, and tabs show how many they know of."""

    def __init__(self, url: str, options: argparse.Namespace) -> None:
        self._url = url
        self._students = options.students
        self._stored_at: dict[int, float] = {}
        self._count = options.entries

    def hand_in(self) -> None:
        """One more result, better than most."""
        with ClassDatabase.open(self._url) as database:
            database.transact(lambda transaction: _add(transaction, self._count, self._students, 960))
        self._count += 1
        self._stored_at[self._count] = time.monotonic()

    def waits(self, known: int, shown: int) -> list[float]:
        """Seconds that results needed to a tab that knew of so many and now shows so many."""
        now = time.monotonic()
        return [now - at for count, at in list(self._stored_at.items()) if known < count <= shown]


async def tab(
    number: int, address: str, cookie: str, options: argparse.Namespace, course: Course, result: Result
) -> None:
    """One tab: open a page, then refresh it as the browser does."""
    page = "me" if number % 10 == 0 else "assignments"
    begun = time.monotonic()
    all_open, end = begun + options.opening, begun + options.opening + 60 * options.minutes
    await asyncio.sleep(options.opening * number / options.sessions)
    try:
        async with Session(address, cookie) as session:
            opening = time.monotonic()
            known = submissions(await session.run(page, QUERY))
            due = time.monotonic()
            result.opens_s.append(due - opening)
            while (due := due + options.every) < end:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                found = [message for one in session.fragments[:] for message in await session.run(page, QUERY, one)]
                took_s = time.monotonic() - due
                shown = submissions(found)
                if page == "assignments" and shown and not any(_is_contest(message) for message in found):
                    raise RuntimeError("another page than the contest's board was drawn")
                if due > all_open:
                    (result.redrawn_s if shown else result.idle_s).append(took_s)
                    result.arrivals_s += course.waits(known, shown)
                known = max(known, shown)
            result.received_bytes += session.received_bytes
    except Exception as error:  # noqa: BLE001  whatever ends a tab is what is counted
        result.dropped.append(f"{type(error).__name__}: {error}")


def submissions(messages: Sequence[ForwardMsg]) -> int:
    """How many submissions the board says there are; 0 where it was not drawn."""
    for message in messages:
        metric = message.delta.new_element.metric
        if metric.label == "Submissions":
            return int(metric.body)
    return 0


def _is_contest(message: ForwardMsg) -> bool:
    return bool(message.delta.new_element.metric.label == "Best F1")


async def hammer(
    address: str, url: str, tokens: Sequence[str], page: psutil.Process, options: argparse.Namespace
) -> Result:
    """All tabs at once, and results that come in."""
    result, course = Result(), Course(url, options)
    cookies = [f"springfield_key={tokens[n % len(tokens)]}" if n % 2 == 0 else "" for n in range(options.sessions)]
    tabs = asyncio.gather(*(tab(n, address, cookie, options, course, result) for n, cookie in enumerate(cookies)))
    await asyncio.sleep(options.opening)
    page_s, client_s = _cpu_s(page), _cpu_s(psutil.Process())
    result.memory_mib.append(page.memory_info().rss >> 20)
    while not tabs.done():
        await asyncio.wait([tabs], timeout=options.result_every)
        if not tabs.done():
            await asyncio.to_thread(course.hand_in)
    result.memory_mib.append(page.memory_info().rss >> 20)
    result.page_cpu_s, result.client_cpu_s = _cpu_s(page) - page_s, _cpu_s(psutil.Process()) - client_s
    return result


def _cpu_s(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def main() -> None:
    """Make the class, serve it, hammer it, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two refreshes of a tab")
    parser.add_argument("--result-every", type=float, default=20.0, help="seconds between two new results")
    parser.add_argument("--opening", type=float, default=60.0, help="seconds in which the tabs are opened, one by one")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long refreshes are timed, once all are open")
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=8599)
    parser.add_argument("--allowed", type=float, default=300.0, help="p95 of either kind of refresh, in ms")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/class.db"
        tokens = fill(url, options.students, options.entries)
        environment = {**os.environ, **BoardSettings(url).to_environment()}
        page = subprocess.Popen(command(port=options.port), env=environment, cwd=folder)
        address = f"http://127.0.0.1:{options.port}"
        try:
            _wait_for(f"{address}/_stcore/health")
            asyncio.run(_warm(address))
            result = asyncio.run(hammer(address, url, tokens, psutil.Process(page.pid), options))
        finally:
            page.send_signal(signal.SIGTERM)
            page.wait(timeout=20)
    raise SystemExit(0 if _tell(result, options) else 1)


async def _warm(address: str) -> None:
    async with Session(address) as session:
        await session.run("assignments", QUERY)


def _tell(result: Result, options: argparse.Namespace) -> bool:
    """Print what was measured; whether it is within what is allowed."""
    times_s = 60 * options.minutes
    print(f"{len(result.opens_s)} tabs opened in {options.opening:g} s: {_spread(result.opens_s)}")
    print(
        f"{options.sessions} tabs, a refresh every {options.every:g} s, a result every {options.result_every:g} s, "
        f"{options.minutes:g} min, {result.received_bytes / 2**20:.0f} MiB"
    )
    print(f"nothing new:  {_spread(result.idle_s)}")
    print(f"a new result: {_spread(result.redrawn_s)}")
    print(f"a result is on its way to a tab: {_spread(result.arrivals_s)}")
    print(f"dropped {len(result.dropped)} {result.dropped[:3]}")
    print("memory of the page {} MiB with all tabs open, {} MiB at the end".format(*result.memory_mib))
    print(
        f"processor time in {times_s:g} s: page {result.page_cpu_s:.1f} s, client {result.client_cpu_s:.1f} s; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    slowest_ms = 1000 * max(_quantile(result.idle_s, 0.95), _quantile(result.redrawn_s, 0.95))
    is_held = slowest_ms < options.allowed and not result.dropped and len(result.opens_s) == options.sessions
    print(f"{'held' if is_held else 'NOT held'}: p95 under {options.allowed:g} ms, none dropped")
    return is_held


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    return f"{len(seconds)}, " + ", ".join(
        f"{name} {1000 * _quantile(seconds, share):.0f} ms"
        for name, share in (("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("worst", 1.0))
    )


def _quantile(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def _wait_for(address: str) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the page did not come up in a minute")


if __name__ == "__main__":
    main()
