"""A cluster as people have it: coordinator and workers are processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook


def wait_for(happens: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something happens, and say what has not."""
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, what
        time.sleep(0.05)


@contextmanager
def started(
    arguments: Sequence[object], log: Path, *, inside: Sequence[str] = (), **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A command of `grader` that runs while the block does; what it says is in `log`."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            [*inside, sys.executable, "-m", "grader", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **environment},
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
        process.kill()
        process.wait()


def with_cluster(course: Course, **settings: object) -> Course:
    """The class with a `[cluster]` in its class.toml."""
    lines = "".join(f"{name} = {value!r}\n".replace("'", '"') for name, value in settings.items())
    with (course.root / "class.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n[cluster]\n{lines}")
    return Course.open(course.root)


def points(course: Course, slug: str) -> dict[str, dict[str, float | None]]:
    """Points of each cell in the gradebook, by student."""
    with open_gradebook(course) as gradebook:
        return {
            one.student.id: {grade.name: grade.auto_score for book in one.notebooks for grade in book.grades}
            for one in gradebook.assignment_submissions(slug)
        }


def runs(course: Course) -> list[Path]:
    """The ledger's results."""
    return sorted((course.ledger / "results").rglob("*.json*"))
