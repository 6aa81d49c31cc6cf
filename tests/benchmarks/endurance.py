"""Grade a large class and hold `grader grade` to its promises: time linear, memory flat, nothing left behind.

python tests/benchmarks/endurance.py --submissions 200

Exits with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from handed_in import SLUG, hand_in
from rich.console import Console
from rich.table import Table
from timing import finish_times
from watching import Held, Observer

from grader.course.folder import Course

LOOK_EVERY_S = 0.5
GROWTH_MIB = 48  # from the second quarter to the last; a leak of 1 MiB a submission would show as 50 and more
GROWTH_FILES = 4  # files that are open only while a result is written
KINDS = ("coordinator", "worker", "zygote")


def watched(course: Course, slots: int, temporary: Path) -> tuple[list[Held], Observer]:
    """Run `grader grade` and look at it until it ends.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "grader", "grade", SLUG, "--slots", str(slots), "--json"]
    # torch makes a cache folder where it is imported, once and for all users: not a leak, and not in our folder.
    cache = {"TORCHINDUCTOR_CACHE_DIR": str(course.root / "torch-cache")}
    environment = {**os.environ, **cache, "TMPDIR": str(temporary)}
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, cwd=course.root, env=environment, stdout=subprocess.DEVNULL, stderr=said) as run:
            observer = Observer(psutil.Process(run.pid), temporary)
            looks = []
            while run.poll() is None:
                looks.append(observer.look(sum(1 for _ in course.autograded.glob(f"*/{SLUG}/{SLUG}.ipynb"))))
                time.sleep(LOOK_EVERY_S)
        said.seek(0)
        if run.returncode != 0:
            raise RuntimeError(f"grader grade ended with {run.returncode}:\n{said.read()[-3000:].decode()}")
    return looks, observer


def quarters_s(finished_s: tuple[float, ...], slots: int) -> list[float]:
    """Seconds per submission in each quarter; the first begins when every slot has given a result."""
    count = len(finished_s)
    ends = [count * quarter // 4 - 1 for quarter in range(1, 5)]
    begins = [slots - 1, *ends[:-1]]
    return [(finished_s[end] - finished_s[begin]) / (end - begin) for begin, end in zip(begins, ends, strict=True)]


def by_quarter(looks: list[Held], count: int) -> list[list[Held]]:
    """Looks by the quarter that they fall in; those before the first result are left out."""
    quarters: list[list[Held]] = [[], [], [], []]
    for look in looks:
        if 0 < look.done < count:
            quarters[min(3, look.done * 4 // count)].append(look)
    return quarters


def table_of(each_s: list[float], quarters: list[list[Held]], count: int) -> Table:
    """What was seen, by quarter."""
    table = Table(title=f"{count} submissions of {SLUG}, in quarters")
    table.add_column("")
    for name in ("first", "second", "third", "last"):
        table.add_column(name, justify="right")
    table.add_row("seconds per submission", *[f"{s:.2f}" for s in each_s])
    cpu_s = [(looks[-1].cpu_s - looks[0].cpu_s) / max(1, looks[-1].done - looks[0].done) for looks in quarters]
    table.add_row("processor seconds per submission", *[f"{s:.2f}" for s in cpu_s])
    for kind in KINDS:
        table.add_row(f"{kind}: memory, MiB", *[f"{_memory(looks, kind):.0f}" for looks in quarters])
    for kind in KINDS:
        table.add_row(f"{kind}: open files, at most", *[str(_files(looks, kind)) for looks in quarters])
    table.add_row("processes, at most", *[str(max(look.processes for look in looks)) for looks in quarters])
    table.add_row("zombies, at least", *[str(min(look.zombies for look in looks)) for looks in quarters])
    table.add_row("temporary files, at most", *[str(max(look.temporary for look in looks)) for looks in quarters])
    table.add_row("control groups, at most", *[str(max(look.groups for look in looks)) for looks in quarters])
    available = [median(look.available_mib for look in looks) for looks in quarters]
    table.add_row("the machine's available memory, MiB", *[f"{size:.0f}" for size in available])
    return table


def _memory(looks: list[Held], kind: str) -> float:
    return median(look.memory_mib.get(kind, 0.0) for look in looks)


def _files(looks: list[Held], kind: str) -> int:
    return max(look.open_files.get(kind, 0) for look in looks)


def broken_promises(each_s: list[float], quarters: list[list[Held]], observer: Observer, tolerance: float) -> list[str]:
    """What did not hold, in words."""
    broken = []
    usual_s = median(each_s[:-1])
    if each_s[-1] > tolerance * usual_s:
        broken.append(f"time: {each_s[-1]:.2f} s a submission in the last quarter, {usual_s:.2f} s before")
    for kind in KINDS:
        grown = _memory(quarters[3], kind) - _memory(quarters[1], kind)
        if grown > GROWTH_MIB:
            broken.append(f"memory: the {kind} grew by {grown:.0f} MiB from the second quarter to the last")
        opened = _files(quarters[3], kind) - _files(quarters[1], kind)
        if opened > GROWTH_FILES:
            broken.append(f"open files: the {kind} has {opened} more in the last quarter than in the second")
    # A kernel that has just ended is a zombie for an instant; one that nobody waits for is there at every look.
    if any(min(look.zombies for look in looks) > 0 for looks in quarters):
        broken.append("zombies: there was one at every look of a quarter")
    for what in ("temporary", "groups"):
        before, after = (max(getattr(look, what) for look in quarters[number]) for number in (1, 3))
        if after > 2 * before:
            broken.append(f"{what}: {before} in the second quarter, {after} in the last")
    for what, left in observer.left_behind().items():
        if left:
            broken.append(f"left behind: {len(left)} {what}: {', '.join(left[:3])}")
    return broken


def main() -> int:
    """Grade, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--slots", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--tolerance", type=float, default=1.5, help="times slower that the last quarter may be: neighbours are noisy"
    )
    given = parser.parse_args()
    if given.submissions < 4 * (given.slots + 1):
        parser.error("too few submissions for four quarters")
    with (
        tempfile.TemporaryDirectory(prefix="springfield-endurance-") as folder,
        tempfile.TemporaryDirectory(prefix="e-", ignore_cleanup_errors=True) as temporary,
    ):
        course = hand_in(Path(folder), given.submissions).as_class(Path(folder) / "class")
        began = time.time()
        looks, observer = watched(course, given.slots, Path(temporary))
        students = [path.name for path in course.submitted.iterdir()]
        each_s = quarters_s(finish_times(course.autograded, began, students), given.slots)
        quarters = by_quarter(looks, given.submissions)
        broken = broken_promises(each_s, quarters, observer, given.tolerance)
    console = Console()
    console.print(table_of(each_s, quarters, given.submissions))
    console.print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {given.slots} slots")
    for promise in broken:
        console.print(f"[red]broken[/] {promise}")
    if not broken:
        console.print("[green]held[/] time linear, memory flat, no zombie, no file, mount, group or folder left behind")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
