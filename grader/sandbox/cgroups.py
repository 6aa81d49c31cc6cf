"""Control groups, where this process may make them: limits on processes and memory that hold for a whole kernel.

Without them the kernel's own rlimits have to do; they hold per process, and root's processes are not counted. The sum
of memory is then kept by a watch.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from grader.sandbox.limits import Limits
from grader.sandbox.memory_watch import MemoryWatch

ROOT = Path("/sys/fs/cgroup")
NAME = "springfield"
OVERHEAD_MIB = 512  # what the forked libraries and the folder in memory need beside the student's own data


class Group:
    """A control group for one kernel at a time, of version 1 (a folder per controller) or 2 (one folder).

    Attributes:
        folders: where it lives; empty where none could be made.
    """

    def __init__(self, name: str) -> None:
        """Make the group; those that killed graders have left behind are removed first.

        Args:
            name: begins with this process's id and a dash.
        """
        remove_stale()
        self._limits: Limits | None = None
        self.folders = [
            folder for parent in _parents() if (folder := _make_folder(parent / f"{NAME}-{name}")) is not None
        ]
        self._watch = None if self.sums_memory else MemoryWatch()

    @property
    def counts_processes(self) -> bool:
        """Whether the number of processes is limited."""
        return any((folder / "pids.max").exists() for folder in self.folders)

    @property
    def sums_memory(self) -> bool:
        """Whether the system limits the memory of all processes together; else a watch does, a little late."""
        return any(self._memory_files(folder) for folder in self.folders)

    def add_process(self, pid: int, limits: Limits) -> None:
        """Put a process and its later children under the limits.

        Args:
            pid: of the process, as this process sees it.
            limits: `processes` and `memory_mib` count here.
        """
        memory_bytes = (limits.memory_mib + limits.disk_mib + OVERHEAD_MIB) << 20
        if self._watch is not None:
            self._watch.follow(pid, memory_bytes)
        if limits != self._limits:  # each of these takes the system 2 ms
            memory = str(memory_bytes)
            written = []
            for folder in self.folders:
                if (folder / "pids.max").exists():
                    written.append(_write(folder / "pids.max", str(limits.processes)))
                written += [_write(folder / name, memory) for name in self._memory_files(folder)]
            self._limits = limits if all(written) else None
        for folder in self.folders:
            _write(folder / "cgroup.procs", str(pid))

    def memory_kills(self) -> int:
        """How often processes of the group have been killed for their memory."""
        if self._watch is not None:
            return self._watch.kills
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    for line in (folder / name).read_text().splitlines():
                        if line.startswith("oom_kill "):
                            return int(line.split()[1])
        return 0

    def limit_hits(self) -> int:
        """How often the group has come to its own limit of memory: where it never has, the machine's ran out."""
        if self._watch is not None:
            return self._watch.kills
        for folder in self.folders:
            with contextlib.suppress(OSError, ValueError):  # version 1
                return int((folder / "memory.failcnt").read_text())
            with contextlib.suppress(OSError):
                for line in (folder / "memory.events").read_text().splitlines():
                    if line.startswith("oom "):
                        return int(line.split()[1])
        return 0

    def close(self) -> None:
        """Remove it; its processes must be gone."""
        if self._watch is not None:
            self._watch.close()
        for folder in self.folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
        self.folders = []

    @staticmethod
    def _memory_files(folder: Path) -> list[str]:
        names = ("memory.max", "memory.limit_in_bytes")
        return [name for name in names if (folder / name).exists()]


def _parents() -> Iterator[Path]:
    """Folders in which a group may be made: our own group in version 2, the controllers in version 1."""
    for controller in ("pids", "memory"):
        if (ROOT / controller / "cgroup.procs").exists():
            yield ROOT / controller
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                own = ROOT / line.removeprefix("0::").strip().lstrip("/")
                delegated = (own / "cgroup.subtree_control").read_text().split()
                if "pids" in delegated or "memory" in delegated:
                    yield own


def remove_stale() -> None:
    """Remove the groups that killed graders have left behind."""
    for parent in _parents():
        for old in parent.glob(f"{NAME}-*"):
            owner = old.name.removeprefix(f"{NAME}-").split("-")[0]
            if owner.isdigit() and not Path("/proc", owner).exists():
                with contextlib.suppress(OSError):
                    old.rmdir()


def _make_folder(folder: Path) -> Path | None:
    """Make a group's folder.

    Returns:
        The folder, or None where this process may not make it.
    """
    if not os.access(folder.parent, os.W_OK):
        return None
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return folder


def _write(path: Path, value: str) -> bool:
    """Write a setting, if this system knows it. `grader doctor` says what is guaranteed.

    Returns:
        Whether it was written.
    """
    try:
        path.write_text(value)
    except OSError:
        return False
    return True
