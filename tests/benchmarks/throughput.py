"""Time `grader grade` beside stock nbgrader and otter-grader on the same notebooks.

python tests/benchmarks/throughput.py --submissions 24 --repeats 3 --otter /path/to/otter
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from breakdown import Spent, middle, take_apart
from contenders import grader, sealed_nbgrader, stock_nbgrader
from handed_in import HandedIn, hand_in
from otter_course import HOW_TO_INSTALL, find_otter, otter
from rich.console import Console
from rich.table import Table
from timing import Timed

STOCK = "nbgrader, stock"
Contenders = dict[str, Callable[[HandedIn, Path], Timed]]


def contenders(program: Path | None) -> Contenders:
    """What is timed, by the name in the table."""
    cores = os.cpu_count() or 1
    found: Contenders = {STOCK: stock_nbgrader, "nbgrader, sealed": sealed_nbgrader}
    if program is not None:
        found["otter run"] = lambda handed_in, folder: otter(handed_in, folder, program)
    found["grader, 1 slot"] = lambda handed_in, folder: grader(handed_in, folder, 1)
    if cores > 1:
        found[f"grader, {cores} slots"] = lambda handed_in, folder: grader(handed_in, folder, cores)
    return found


def measure(
    handed_in: HandedIn, folder: Path, program: Path | None, repeats: int, console: Console
) -> dict[str, list[Timed]]:
    """Run every contender in turn, and all of them again: so that a neighbour's load falls on all of them."""
    runs: dict[str, list[Timed]] = {}
    for repeat in range(repeats):
        for number, (name, timed) in enumerate(contenders(program).items()):
            run = timed(handed_in, folder / f"repeat{repeat}-{number}")
            runs.setdefault(name, []).append(run)
            load = os.getloadavg()[0]
            console.print(f"[dim]{repeat + 1}/{repeats} {name}: {run.wall_s:.1f} s (load average {load:.1f})[/]")
    return runs


def ratios(stock: list[Timed], other: list[Timed], seconds: Callable[[Timed], float]) -> float:
    """How many times faster: the median over repeats of the ratio within one repeat."""
    return median(seconds(one) / seconds(two) for one, two in zip(stock, other, strict=True))


def table_of(runs: dict[str, list[Timed]]) -> Table:
    """One line per contender."""
    first = next(iter(runs.values()))
    table = Table(
        title=f"{first[0].count} submissions of resnet, median of {len(first)} repeats, {os.cpu_count()} cores"
    )
    table.add_column("command", no_wrap=True)
    for column in ("s each", "per minute", "x stock", "warm-up s", "whole s", "x stock"):
        table.add_column(column, justify="right")
    table.add_column("points equal")
    for name, timed in runs.items():
        each_s = median(one.each_s for one in timed)
        is_same = all(one.points == two.points for one, two in zip(runs[STOCK], timed, strict=True))
        table.add_row(
            name,
            f"{each_s:.2f}",
            f"{60 / each_s:.1f}",
            f"{ratios(runs[STOCK], timed, lambda one: one.each_s):.1f}",
            f"{median(one.warm_up_s for one in timed):.1f}",
            f"{median(one.wall_s for one in timed):.1f}",
            f"{ratios(runs[STOCK], timed, lambda one: one.whole_each_s):.1f}",
            "yes" if is_same else "[red]no[/]",
        )
    table.caption = (
        "s each: once it runs. whole: the command from start to exit, with its imports and its first sandbox. "
        "stock and otter: no sandbox, hidden tests in the student's kernel."
    )
    return table


def differences(runs: dict[str, list[Timed]]) -> list[str]:
    """Points that a contender gave otherwise than stock nbgrader in the first repeat, in words."""
    usual = runs[STOCK][0].points
    said = []
    for name, timed in runs.items():
        for repeat, run in enumerate(timed, 1):
            for student, points in run.points.items():
                for cell in sorted({*points, *usual[student]}):
                    found, expected = points.get(cell), usual[student].get(cell)
                    if found != expected:
                        said.append(f"{name}, repeat {repeat}: {student} {cell}: {found}, stock {expected}")
    return said


def breakdown_table(spent: list[Spent]) -> Table:
    """Where a submission's time goes in `grader`."""
    found = middle(spent)
    table = Table(title=f"grader, one warm slot: seconds of one submission (medians of {len(spent)})")
    table.add_column("part")
    table.add_column("s", justify="right")
    for name, text in (
        ("total_s", "one submission, from its bytes to the databases"),
        ("own_cells_s", "  the student's own cells and visible tests"),
        ("beyond_s", "[bold]  beyond the student's own cells (promised: under 0.5)[/]"),
        ("start_s", "    a kernel, forked from the warm sandbox"),
        ("hidden_s", f"    hidden tests ({found['calls']:.0f} calls of the student's code)"),
        ("hidden_cpu_s", "      of which the student's process computes (processor seconds)"),
        ("rest_s", "    reading, sealing, writing"),
        ("close_s", "    clearing away, as far as it is waited for"),
        ("record_s", "    recording, beside the next submission where there is a worker"),
    ):
        table.add_row(text, f"{found[name]:.3f}")
    return table


def main() -> int:
    """Measure and print; 1 where points differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument(
        "--otter", default="", metavar="PATH", help="the program `otter`; else it is looked for on PATH"
    )
    given = parser.parse_args()
    if given.submissions < 2 or given.repeats < 1:
        parser.error("at least 2 submissions and 1 repeat are needed")
    console = Console()
    program = find_otter(given.otter)
    with tempfile.TemporaryDirectory(prefix="springfield-benchmark-") as folder:
        handed_in = hand_in(Path(folder), given.submissions)
        runs = measure(handed_in, Path(folder), program, given.repeats, console)
        spent = take_apart(handed_in.as_class(Path(folder) / "breakdown"))
    console.print(table_of(runs), breakdown_table(spent))
    if program is None:
        console.print(HOW_TO_INSTALL, markup=False)
    different = differences(runs)
    for line in different:
        console.print(f"[red]points differ[/] {line}")
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
