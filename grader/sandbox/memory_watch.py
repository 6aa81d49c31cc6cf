"""The memory of a submission's processes together, where no control group can limit it: looked at, and ended.

A teacher's own computer seldom lets an ordinary user make control groups. RLIMIT_DATA holds for each process by itself
then, so that a notebook with many children could take all memory of the machine. A thread of the trusted process sums
what they really take (PSS, in which pages that several share count once) a few times a second. That is no wall: what
grows faster than it looks is stopped late, by the limit of a process times what starts in between.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

LOOKS_EVERY_S = 0.2
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Ends the processes of one kernel after another where they take too much together."""

    def __init__(self) -> None:
        self.kills = 0
        self._kernel = 0
        self._limit_bytes = 0
        self._is_needed = threading.Event()
        self._has_ended = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, kernel: int, limit_bytes: int) -> None:
        """Watch a kernel with everything that it starts; the one before is forgotten.

        Args:
            kernel: its PID. What its orphans become children of, its parent, is the sandbox's first process.
            limit_bytes: what all of them may take.
        """
        self._kernel, self._limit_bytes = kernel, limit_bytes
        self._is_needed.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_again_and_again, name="memory", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._has_ended.set()
        self._is_needed.set()
        if self._thread is not None:
            self._thread.join()

    def _look_again_and_again(self) -> None:
        while not self._has_ended.wait(LOOKS_EVERY_S):
            self._is_needed.wait()
            kernel = self._kernel
            sandbox = _parent(kernel)
            if sandbox:
                self._look(list(descendants(sandbox)))
                continue
            self._is_needed.clear()
            if kernel != self._kernel:  # another was to be followed meanwhile
                self._is_needed.set()

    def _look(self, processes: list[int]) -> None:
        # What is mapped is cheap to ask; what is really taken costs a walk through the page tables.
        if sum(map(_resident_bytes, processes)) <= self._limit_bytes:
            return
        if sum(map(_taken_bytes, processes)) > self._limit_bytes:
            self.kills += 1
            for pid in processes:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> Iterator[int]:
    """PIDs of everything below a process; what starts or ends meanwhile may be missing or gone."""
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            yield child
            waiting.append(child)


def _children(pid: int) -> list[int]:
    """A process's children, which the system lists by the thread that has started them."""
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_bytes().split())
    return found


def _parent(pid: int) -> int:
    """A process's parent; 0 where it is gone or waits for nothing but its parent's notice."""
    try:
        # The name in brackets is the process's own choice and may hold anything.
        state, parent = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:2]
    except (OSError, ValueError):
        return 0
    return 0 if state in b"ZX" else int(parent)


def _resident_bytes(pid: int) -> int:
    """What of a process lies in memory, files and all: at least what it takes."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def _taken_bytes(pid: int) -> int:
    """A process's share of what lies in memory, where a page of several counts in parts; without files."""
    with contextlib.suppress(OSError):
        return sum(
            int(line.split()[1]) * 1024
            for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
            if line.startswith((b"Pss_Anon:", b"Pss_Shmem:"))
        )
    return _resident_bytes(pid)
