"""Kill what takes part in grading, from outside, at a moment that the notebook itself marks."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

MARK = ["sleep", "2.75"]  # a notebook that runs this is in the middle of its work
PAUSE = f"import subprocess\nsubprocess.run({MARK})"


def marks() -> list[psutil.Process]:
    """Processes below this one that mark a notebook at work."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.cmdline() == MARK:
                found.append(process)
    return found


def part_of(mark: psutil.Process, victim: str) -> psutil.Process:
    """The `kernel`, `zygote`, `bwrap` or `worker` of a notebook at work."""
    chain = mark.parents()
    outer = next(number for number, process in enumerate(chain) if process.name() == "bwrap")
    return {"kernel": chain[0], "zygote": chain[outer - 1], "bwrap": chain[outer], "worker": chain[outer + 1]}[victim]


@contextmanager
def killer(victim: str, times: int) -> Iterator[list[int]]:
    """Kill the part of the first notebooks that mark themselves; the process ids that were killed."""
    killed: list[int] = []
    is_over = threading.Event()

    def look() -> None:
        done: set[int] = set()
        while len(killed) < times and not is_over.is_set():
            for mark in marks():
                with contextlib.suppress(psutil.Error, StopIteration):
                    if mark.pid not in done:
                        done.add(mark.pid)
                        found = part_of(mark, victim)
                        os.kill(found.pid, signal.SIGKILL)
                        killed.append(found.pid)
            time.sleep(0.05)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield killed
    finally:
        is_over.set()
        looking.join()
