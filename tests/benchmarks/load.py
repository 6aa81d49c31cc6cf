"""How many tabs the page can bear: sessions that refresh a board, spoken to in Streamlit's own protocol.

    python tests/benchmarks/load.py --sessions 300 --every 10 --minutes 2

A class of 1,000 students with 10,000 contest entries is made in a temporary folder and served by the real page on one
machine with this client. Printed: how long a tab takes to open, and then, with all of them open, seconds per refresh
(median, p95, worst), tabs that were dropped, memory of the page.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy.orm import Session as Transaction

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from streamlit_client import Session

from grader.database import AssignmentRecord, ClassDatabase, RunState
from grader.database.access import AccessList, hashed, new_token
from grader.database.schema import Entry, Run, Student, Submission
from grader.scoring.points import DEFAULT_TABLE, Fraction
from leaderboard_app.serve import command
from leaderboard_app.settings import BoardSettings

TOTAL = 991


@dataclass
class Result:
    """What the tabs saw."""

    opens_s: list[float] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    received_bytes: int = 0


def fill(url: str, students: int, entries: int) -> str:
    """Make the class; the token of one student."""
    token = new_token()
    with ClassDatabase.open(url) as database:
        contest = AssignmentRecord("springfield", "Journey to Springfield", 15.0, is_contest=True)
        database.ensure_assignments([AssignmentRecord("resnet", "ResNet", 10.0), contest])
        database.transact(lambda transaction: _rows(transaction, students, entries))
        AccessList(database).invite_student("s0", "Student", token_sha256=hashed(token))
    return token


def _rows(transaction: Transaction, students: int, entries: int) -> None:
    dice = random.Random(1)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    transaction.add_all(Student(id=f"s{n}", alias=f"Alias {n}", name=f"Name {n}") for n in range(students))
    transaction.flush()
    for n in range(entries):
        student, at = f"s{n % students}", start + timedelta(minutes=n)
        correct = min(TOTAL, int(dice.gauss(930, 30)))
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


async def tab(number: int, address: str, cookie: str, options: argparse.Namespace, result: Result) -> None:
    """One tab: open the board, then refresh it as the browser does."""
    page, query = ("me", "assignment=springfield") if cookie else ("assignments", "assignment=springfield")
    begun = time.monotonic()
    all_open, end = begun + options.opening, begun + options.opening + 60 * options.minutes
    await asyncio.sleep(options.opening * number / options.sessions)
    try:
        async with Session(address, cookie) as session:
            opening = time.monotonic()
            await session.run(page, query)
            result.opens_s.append(time.monotonic() - opening)
            while time.monotonic() < end:
                await asyncio.sleep(options.every)
                is_counted = time.monotonic() > all_open
                waited_s = await session.timed(session.fragments, page, query)
                if is_counted:
                    result.waits_s.append(waited_s)
            result.received_bytes += session.received_bytes
    except Exception as error:  # noqa: BLE001  whatever ends a tab is what is counted
        result.dropped.append(f"{type(error).__name__}: {error}")


async def hammer(address: str, token: str, options: argparse.Namespace) -> Result:
    """All tabs at once; one in ten is a student's own page."""
    result = Result()
    cookies = [f"springfield_key={token}" if n % 10 == 0 else "" for n in range(options.sessions)]
    await asyncio.gather(*(tab(n, address, cookie, options, result) for n, cookie in enumerate(cookies)))
    return result


def main() -> None:
    """Make the class, serve it, hammer it, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two refreshes of a tab")
    parser.add_argument("--opening", type=float, default=60.0, help="seconds in which the tabs are opened, one by one")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long refreshes are timed, once all are open")
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=8599)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/class.db"
        token = fill(url, options.students, options.entries)
        environment = {**os.environ, **BoardSettings(url).to_environment()}
        page = subprocess.Popen(command(port=options.port), env=environment, cwd=folder)
        address = f"http://127.0.0.1:{options.port}"
        try:
            _wait_for(f"{address}/_stcore/health")
            asyncio.run(_warm(address))
            process = psutil.Process(page.pid)
            before = process.memory_info().rss >> 20
            result = asyncio.run(hammer(address, token, options))
            after = process.memory_info().rss >> 20
            cpu_s = sum(process.cpu_times()[:2])
        finally:
            page.send_signal(signal.SIGTERM)
            page.wait(timeout=20)
    _tell(result, before, after, cpu_s, options)


async def _warm(address: str) -> None:
    async with Session(address) as session:
        await session.run("assignments", "assignment=springfield")


def _tell(result: Result, before: int, after: int, cpu_s: float, options: argparse.Namespace) -> None:
    waits, opens = sorted(result.waits_s), sorted(result.opens_s)
    print(
        f"{len(opens)} tabs opened in {options.opening:g} s: median {statistics.median(opens) * 1000:.0f} ms, "
        f"p95 {opens[int(0.95 * len(opens))] * 1000:.0f} ms"
    )
    print(
        f"{options.sessions} tabs, a refresh every {options.every:g} s, {options.minutes:g} min, {len(waits)} refreshes"
    )
    print(f"median {statistics.median(waits) * 1000:.0f} ms, p95 {waits[int(0.95 * len(waits))] * 1000:.0f} ms, "
          f"worst {waits[-1] * 1000:.0f} ms")  # fmt: skip
    print(f"dropped {len(result.dropped)} {result.dropped[:3]}")
    print(f"memory of the page {before} MiB before, {after} MiB after; its processor time {cpu_s:.0f} s")
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


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
