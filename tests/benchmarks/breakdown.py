"""Where the seconds of one submission go in `grader`: the student's own cells, hidden tests, and the rest.

One process grades everything with its warm sandbox, and the steps are timed from outside: nothing in the product is
there for the benchmark. What a submission costs once per class (the sandbox's start) falls on the first one, which is
left out.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from unittest.mock import patch

from handed_in import SLUG

from grader import pipeline
from grader.course.folder import Course
from grader.fleet.workers import tune_gc
from grader.grading import run_notebook as grading
from grader.pipeline import ProgressListener, grade_class
from grader.record.planning import Row
from grader.record.recorder import Recorder
from grader.sandbox.kernel import Kernel
from grader.sandbox.slot import Slot


@dataclass
class Spent:
    """Seconds of one submission.

    Attributes:
        total_s: from one result to the next.
        own_cells_s: waiting for the notebook's own cells, visible tests included.
        hidden_s: hidden tests.
        hidden_cpu_s: processor seconds that the kernel spent on them.
        start_s: getting a kernel.
        close_s: clearing it away.
        record_s: writing the result into folders and databases.
        calls: requests to the kernel.
    """

    total_s: float = 0.0
    own_cells_s: float = 0.0
    hidden_s: float = 0.0
    hidden_cpu_s: float = 0.0
    start_s: float = 0.0
    close_s: float = 0.0
    record_s: float = 0.0
    calls: int = 0

    @property
    def beyond_s(self) -> float:
        """All that is not the student's own cells."""
        return self.total_s - self.own_cells_s

    @property
    def rest_s(self) -> float:
        """Reading, sealing, writing, and what lies between the cells."""
        return self.beyond_s - self.hidden_s - self.start_s - self.close_s - self.record_s


def middle(spent: list[Spent]) -> dict[str, float]:
    """The median of each figure."""
    names = [*vars(Spent()), "beyond_s", "rest_s"]
    return {name: float(median(getattr(one, name) for one in spent)) for name in names}


class _AtOnce(Executor):
    """Grades each submission when its turn to be waited for comes: so results are not kept back."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def _here(_slots: int) -> Iterator[Executor]:
    yield _AtOnce()


class _Stopwatch(ProgressListener):
    """Adds up the time of the steps."""

    def __init__(self) -> None:
        self.spent: list[Spent] = []
        self._clock = time.CLOCK_PROCESS_CPUTIME_ID  # until there is a kernel

    def steps(self) -> ExitStack:
        """Time the steps while this is open."""
        stack = ExitStack()
        for owner, name, field in (
            (Kernel, "start", "start_s"),
            (Kernel, "run", "own_cells_s"),
            (grading, "examine", "hidden_s"),
            (Kernel, "close", "close_s"),
            (Recorder, "record", "record_s"),
        ):
            stack.enter_context(patch.object(owner, name, self._timed(getattr(owner, name), field)))
        stack.enter_context(patch.object(Kernel, "request", self._counted(Kernel.request)))
        stack.enter_context(patch.object(Slot, "fork", self._remembered(Slot.fork)))
        stack.enter_context(patch.object(pipeline, "do", self._one(pipeline.do)))
        return stack

    def finished(self, row: Row) -> None:
        """Recording comes after all grading here; it belongs to the submission whose turn it is."""

    def _one(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def graded(*arguments: Any) -> Any:
            self.spent.append(Spent())
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.spent[-1].total_s = time.perf_counter() - began

        return graded

    def _timed(self, function: Callable[..., Any], field: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **more: Any) -> Any:
            cpu_s = self._cpu_s() if field == "hidden_s" else 0.0
            began = time.perf_counter()
            try:
                return function(*arguments, **more)
            finally:
                spent = self.spent[-1]
                setattr(spent, field, getattr(spent, field) + time.perf_counter() - began)
                if field == "hidden_s":
                    spent.hidden_cpu_s += self._cpu_s() - cpu_s

        return timed

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            self.spent[-1].calls += 1
            return function(*arguments, **more)

        return counted

    def _remembered(self, function: Callable[..., int]) -> Callable[..., int]:
        def forked(*arguments: Any) -> int:
            pid = function(*arguments)
            self._clock = (~pid << 3) | 2  # the clock of a process's processor time, see clock_getcpuclockid(3)
            return pid

        return forked

    def _cpu_s(self) -> float:
        with contextlib.suppress(OSError):
            return time.clock_gettime(self._clock)
        return 0.0


def take_apart(course: Course) -> list[Spent]:
    """Grade a class folder in this process and say where the time went, for all submissions but the first.

    Args:
        course: with at least two submissions that were not graded yet.
    """
    watch = _Stopwatch()
    tune_gc()  # as a worker does
    with watch.steps():
        grade_class(course, [SLUG], slots=1, workers=_here, listener=watch)
    recorded_s = watch.spent[-1].record_s / len(watch.spent)
    for one in watch.spent:
        one.record_s = recorded_s
        one.total_s += recorded_s
    return watch.spent[1:]
