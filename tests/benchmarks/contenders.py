"""The commands that are timed, as teachers run them. Each gets a fresh folder with the same notebooks, ungraded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from handed_in import SLUG, HandedIn, recorded_points
from timing import Timed, finish_times

from grader.course.folder import Course

STOCK_CONFIG = """\
from pathlib import Path

c = get_config()
c.CourseDirectory.root = str(Path(__file__).parent)
c.CourseDirectory.db_url = "sqlite:///" + str(Path(__file__).parent / "gradebook.db")
"""


def run(arguments: list[str], folder: Path, **environment: str) -> float:
    """Run a command to its end; the seconds that it took.

    Raises:
        RuntimeError: it failed.
    """
    began = time.perf_counter()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, **environment}
    done = subprocess.run(arguments, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return time.perf_counter() - began


def stock_nbgrader(handed_in: HandedIn, folder: Path) -> Timed:
    """`nbgrader autograde` as it is: its own steps, no sandbox, hidden tests in the student's kernel."""
    shutil.copytree(handed_in.released / "source" / SLUG, folder / "source" / SLUG)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG)
    run([sys.executable, "-m", "nbgrader", "generate_assignment", SLUG], folder)
    handed_in.put_into(folder / "submitted")
    wall_s, finished_s = autograde(folder, handed_in)
    stock = Course(folder, Course.open(handed_in.released).config)
    return Timed(wall_s, finished_s, 1, recorded_points(stock))


def sealed_nbgrader(handed_in: HandedIn, folder: Path) -> Timed:
    """`nbgrader autograde` in a class folder of ours: sealed, sandboxed, examined from outside."""
    course = handed_in.as_class(folder)
    wall_s, finished_s = autograde(folder, handed_in)
    return Timed(wall_s, finished_s, 1, recorded_points(course))


def autograde(folder: Path, handed_in: HandedIn) -> tuple[float, tuple[float, ...]]:
    """Run it; seconds in all, and when each submission was done."""
    began = time.time()
    wall_s = run([sys.executable, "-m", "nbgrader", "autograde", SLUG], folder)
    return wall_s, finish_times(folder / "autograded", began, handed_in.notebooks)


def grader(handed_in: HandedIn, folder: Path, slots: int) -> Timed:
    """`grader grade`, with a number of slots."""
    course = handed_in.as_class(folder)
    began = time.time()
    wall_s = run([sys.executable, "-m", "grader", "grade", SLUG, "--slots", str(slots), "--json"], folder)
    finished_s = finish_times(course.autograded, began, handed_in.notebooks)
    return Timed(wall_s, finished_s, slots, recorded_points(course))
