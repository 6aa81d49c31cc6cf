"""Time a network from its upload to the points: 991 pictures, ResNet-18, 45 MB of weights.

python tests/benchmarks/network.py --repeats 5
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import nbformat
import psutil
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from contest_class import with_source
from network_class import RESNET18, SLUG, resnet18_weights

from grader.audit.answers import Answer, reference_answer
from grader.collect.inbox import Inbox
from grader.collect.submissions import place
from grader.collect.uploads import PageRules, unpack
from grader.course import new_class
from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.course.release import release
from grader.datasets.synthesize import synthesize
from grader.grading.conditions import conditions_of
from grader.grading.job import Job
from grader.grading.run_notebook import grade
from grader.record.ledger import submission_hash
from grader.sandbox.devices import Device
from grader.sandbox.slot import close_warm


@dataclass(frozen=True)
class Timed:
    """One upload.

    Attributes:
        taken_s: from the archive in the inbox to files in `submitted/`, read and hashed.
        cold_s: sandbox from nothing, notebook, prediction, score.
        warm_s: the same in a sandbox that has graded something before, as the watcher's has.
    """

    taken_s: float
    cold_s: float
    warm_s: float


def prepare(folder: Path, pictures: int, *, mirrored: bool) -> tuple[Course, bytes]:
    """A class that takes networks, with so many test pictures, and a notebook with ResNet-18.

    Args:
        folder: an empty one.
        pictures: of the hidden test.
        mirrored: whether each is looked at twice, as the author's `predict` does.
    """
    course = new_class.init(folder / "class", name="Benchmark", language="en")
    synthesize(course.dataset, seed=0, images=4 * pictures, size=128, per_class=-(-pictures // 20))
    release(course, SLUG)
    course = with_source(course, "network")
    released = nbformat.read(course.release / SLUG / f"{SLUG}.ipynb", as_version=4)
    source = nbformat.read(course.source / SLUG / f"{SLUG}.ipynb", as_version=4)
    cells = {**reference_answer(source).cells, "task1_network": RESNET18}
    if not mirrored:
        cells["task1_predict"] = cells["task1_predict"].replace(" + network(x.flip(3).to(device))", "")
    return course, nbformat.writes(Answer("resnet18", cells).applied_to(released)).encode()


def measure(course: Course, notebook: bytes, weights: bytes, repeats: int, console: Console) -> list[Timed]:
    """The same upload again and again, each time from the inbox."""
    conditions = conditions_of(course, SLUG, slots=1)
    conditions = replace(conditions, device=Device(threads=os.cpu_count() or 1))
    assignment = load_assignment(course.gradebook_url, SLUG)
    rules = PageRules(source="network", cell_ids=tuple(cell.grade_id for cell in assignment.cells))
    inbox = Inbox(course.inbox)
    found = []
    for repeat in range(repeats):
        item = inbox.put_archive(1, SLUG, {f"{SLUG}.ipynb": notebook, "network.pth": weights})
        started = time.monotonic()
        files = unpack(item.filename, inbox.data(item, rules.max_bytes) or b"", SLUG, rules)
        handed = place(course, "lisa", SLUG, files, datetime.now(UTC)).read()
        submission_hash(*handed)
        taken_s = time.monotonic() - started
        inbox.remove(item.id)
        close_warm()
        took = []
        for _sandbox in ("cold", "warm"):
            started, before = time.monotonic(), _cpu_s()
            result = grade(Job("benchmark", *handed, assignment, conditions))
            took.append(time.monotonic() - started)
        cpu_s = _cpu_s() - before
        if result.score is None:
            raise RuntimeError(result.report.tasks[0].message)
        found.append(Timed(taken_s, *took))
        total = result.score.public_total + result.score.private_total
        console.print(
            f"[dim]{repeat + 1}/{repeats} taken {taken_s:.1f} s, cold {took[0]:.1f} s, warm {took[1]:.1f} s "
            f"({cpu_s:.1f} s of processor time), {total} pictures (load average {os.getloadavg()[0]:.1f})[/]"
        )
    return found


def _cpu_s() -> float:
    """Processor seconds of this process and of all that it has started."""
    me = psutil.Process()
    taken = 0.0
    for process in (me, *me.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            taken += times.user + times.system + times.children_user + times.children_system
    return taken


def main() -> int:
    """Measure and print; 1 where it takes longer than allowed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=991)
    parser.add_argument("--allowed", type=float, default=10, help="seconds from upload to points, warm")
    parser.add_argument("--mirrored", action="store_true", help="predict as the author does: each picture twice")
    given = parser.parse_args()
    console = Console()
    weights = resnet18_weights()
    with tempfile.TemporaryDirectory(prefix="springfield-benchmark-") as folder:
        course, notebook = prepare(Path(folder), given.pictures, mirrored=given.mirrored)
        found = measure(course, notebook, weights, given.repeats, console)
    taken = median(one.taken_s for one in found)
    title = f"a network of {len(weights) / 1e6:.0f} MB, median of {len(found)} repeats, {os.cpu_count()} cores"
    table = Table(title=title)
    for column in ("step", "s"):
        table.add_column(column, justify="left" if column == "step" else "right")
    warm = taken + median(one.warm_s for one in found)
    table.add_row("taken from the inbox", f"{taken:.1f}")
    table.add_row("upload to points, first of a class", f"{taken + median(one.cold_s for one in found):.1f}")
    table.add_row("upload to points, warm sandbox", f"{warm:.1f}")
    console.print(table)
    return 0 if warm <= given.allowed else 1


if __name__ == "__main__":
    raise SystemExit(main())
