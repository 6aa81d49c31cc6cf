"""What a running `grader grade` holds on to, seen from outside: memory, open files, processes, groups, folders."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
SETTLE_S = 10  # for the system's own first process to take notice of orphans that were killed


@dataclass(frozen=True)
class Held:
    """One look.

    Attributes:
        done: submissions that were graded by then.
        memory_mib: resident memory of the largest process of each kind, MiB.
        open_files: open files of the process of each kind that has most.
        cpu_s: processor seconds of workers and sandboxes so far, with the kernels that have ended.
        zombies: processes that are dead and not yet noticed.
        processes: processes in all.
        temporary: files and folders below the temporary folder.
        groups: control groups.
        available_mib: memory that the machine could still give, MiB; neighbours count too.
    """

    done: int
    memory_mib: dict[str, float]
    open_files: dict[str, int]
    cpu_s: float
    zombies: int
    processes: int
    temporary: int
    groups: int
    available_mib: float


@dataclass
class Observer:
    """Looks at one `grader grade`.

    Attributes:
        coordinator: its process.
        temporary: its `TMPDIR`, which nobody else uses.
        seen: every process that was ever looked at.
    """

    coordinator: psutil.Process
    temporary: Path
    seen: set[psutil.Process] = field(default_factory=set)

    def look(self, done: int) -> Held:
        """One look, some milliseconds long; processes come and go meanwhile."""
        family = [self.coordinator]
        with contextlib.suppress(psutil.Error):
            family += self.coordinator.children(recursive=True)
        self.seen.update(family)
        memory: dict[str, float] = {}
        files: dict[str, int] = {}
        cpu_s, zombies = 0.0, 0
        for process in family:
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    zombies += 1
                    continue
                kind = self._kind(process)
                if kind in ("worker", "zygote"):
                    times = process.cpu_times()
                    ended = times.children_user + times.children_system if kind == "zygote" else 0.0
                    cpu_s += times.user + times.system + ended
                if kind:
                    memory[kind] = max(memory.get(kind, 0.0), process.memory_info().rss / 2**20)
                    files[kind] = max(files.get(kind, 0), process.num_fds())
        return Held(
            done=done,
            memory_mib=memory,
            open_files=files,
            cpu_s=cpu_s,
            zombies=zombies,
            processes=len(family),
            temporary=sum(1 for _ in _below(self.temporary)),
            groups=len(self.groups()),
            available_mib=psutil.virtual_memory().available / 2**20,
        )

    def _kind(self, process: psutil.Process) -> str:
        """`coordinator`, `worker`, `zygote`, or nothing: kernels are the zygote's forks, and short-lived."""
        if process == self.coordinator:
            return "coordinator"
        words = " ".join(process.cmdline())
        if "multiprocessing.spawn" in words:
            return "worker"
        parent = process.parent()
        is_zygote = "zygote.py" in words and "bwrap" not in process.name() and parent is not None
        return "zygote" if is_zygote and parent.name() == "bwrap" else ""

    def groups(self) -> list[Path]:
        """Control groups of its workers."""
        owners = {process.pid for process in self.seen}
        found = [*CGROUPS.glob("springfield-*"), *CGROUPS.glob("*/springfield-*")]
        return [path for path in found if path.name.split("-")[1] in map(str, owners)]

    def left_behind(self) -> dict[str, list[str]]:
        """What is still there after its end, by kind; all lists are empty where nothing leaks."""
        _gone, living = psutil.wait_procs(list(self.seen), timeout=SETTLE_S)
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return {
            "processes": [str(process) for process in living],
            "temporary folders": [str(path) for path in _below(self.temporary)],
            "mounts": [line for line in mounts if str(self.temporary) in line],
            "control groups": [str(path) for path in self.groups()],
        }


def _below(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):  # what is being removed while it is counted
        return list(folder.rglob("*"))
    return []
