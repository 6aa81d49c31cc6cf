"""Promises of the class database when processes race or die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.record.database import ClassDatabase

HERE = Path(__file__).parent


def _python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


WRITER = """
import sys
from class_records import block_run, contest_run
from grader.record.database import ClassDatabase
url, who = sys.argv[1:]
with ClassDatabase.open(url) as database:
    for number in range(40):
        assert database.record_run(block_run(f"{who}-{number}", 1.0))
        database.record_run(contest_run("shared", number + 1, 1.0))
"""


def test_processes_that_create_and_write_at_once_lose_nothing(url: str) -> None:
    writers = [_python(WRITER, url, who) for who in ("a", "b", "c")]
    problems = [writer.communicate(timeout=60)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], problems
    with ClassDatabase.open(url, create=False) as database:
        assert len(database.reports(assignment="resnet", every_run=True)) == 120
        assert len(database.reports(assignment="springfield", every_run=True)) == 40


CONNECTIONS = """
import sys, threading
from grader.course.database_url import parse
from grader.record.database import engine
barrier, problems = threading.Barrier(8), []
def connect(url):
    barrier.wait()
    try:
        engine.writing(parse(url)).connect().close()
    except Exception as error:
        problems.append(repr(error))
for number in range(200):
    url = f"sqlite:///{sys.argv[1]}/{number}.db"
    threads = [threading.Thread(target=connect, args=(url,)) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
sys.exit("\\n".join(problems) or 0)
"""


def test_connections_to_a_new_database_at_the_same_moment_wait_for_each_other(tmp_path: Path) -> None:
    connections = _python(CONNECTIONS, str(tmp_path))
    problems = connections.communicate(timeout=60)[1]
    assert connections.returncode == 0, problems


ENDLESS = """
import sys
from class_records import contest_run
from grader.record.database import ClassDatabase
with ClassDatabase.open(sys.argv[1]) as database:
    print("ready", flush=True)
    for number in range(1, 10**6):
        database.record_run(contest_run(f"s{number}", 1, 1.0, total=number))
        print(number, flush=True)
"""


@pytest.mark.parametrize("after_s", [0.05, 0.2, 0.6])
def test_a_writer_killed_at_any_moment_leaves_whole_runs_and_all_it_confirmed(url: str, after_s: float) -> None:
    writer = _python(ENDLESS, url)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    time.sleep(after_s)
    os.kill(writer.pid, signal.SIGKILL)
    confirmed = [int(line) for line in writer.communicate(timeout=30)[0].split()]
    with ClassDatabase.open(url, create=False) as database:
        reports = database.reports(every_run=True)
        assert all(report.record.entry is not None for report in reports)
        assert all(database.has_run(f"s{number}-springfield-1-{number}") for number in confirmed)
        assert len(reports) - len(confirmed) in (0, 1)
        assert database.ensure_student("afterwards")


HALFWAY = """
import os, signal, sys
from class_records import block_run
from grader.record.database import ClassDatabase, store
store.run_row = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
ClassDatabase.open(sys.argv[1]).record_run(block_run("s1", 1.0))
"""


def test_a_writer_killed_inside_a_transaction_leaves_nothing_of_it(url: str) -> None:
    writer = _python(HALFWAY, url)
    writer.communicate(timeout=30)
    assert writer.returncode == -signal.SIGKILL
    with ClassDatabase.open(url, create=False) as database:
        assert database.reports(every_run=True) == []
        assert not database.has_run("s1-resnet-1.0")
