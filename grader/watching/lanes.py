"""Lanes: one worker process each, whose sandbox stays warm between submissions; a crash costs only its own lane."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from grader.grading import Conditions, Graded, Job
from grader.pipeline import Workers, submit
from grader.sandbox.bubblewrap import View
from grader.sandbox.slot import Kind, acquire, release


class Lane:
    """One worker. Not thread-safe."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._stack = ExitStack()
        self._executor: Executor | None = None
        self._conditions: Conditions | None = None
        self.is_free = True

    def warm_up(self, conditions: Conditions) -> None:
        """Start the worker and its sandbox before the first submission needs them."""
        self._conditions = conditions
        self._worker().submit(_warm_up, conditions)

    def suits(self, conditions: Conditions) -> bool:
        """Whether the lane's sandbox is of the kind that these conditions need."""
        return self._conditions is not None and _kind(self._conditions) == _kind(conditions)

    def start(self, job: Job) -> Future[Graded]:
        """Grade a submission; the lane is free again when `renew` or `done` is called."""
        self.is_free = False
        if job.conditions.source == "rerun":
            self._conditions = job.conditions
        return submit(self._worker(), job)

    def done(self) -> None:
        """The submission is over."""
        self.is_free = True

    def renew(self) -> None:
        """The worker is gone; the next submission gets a new one."""
        self._stack.close()
        self._executor = None
        self.is_free = True

    def close(self) -> None:
        """End the worker."""
        self._stack.close()

    def _worker(self) -> Executor:
        if self._executor is None:
            self._executor = self._stack.enter_context(self._workers(1))
        return self._executor


class Lanes:
    """All lanes of a watcher."""

    def __init__(self, count: int, workers: Workers) -> None:
        self.all = [Lane(workers) for _ in range(count)]

    def free(self, conditions: Conditions) -> Lane:
        """A free lane, if possible with a warm sandbox of the right kind; ask `has_room` before."""
        free = [lane for lane in self.all if lane.is_free]
        return min(free, key=lambda lane: not lane.suits(conditions))

    @property
    def has_room(self) -> bool:
        """Whether a submission could be started now."""
        return any(lane.is_free for lane in self.all)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # What is running may take minutes more; it is in the inbox or in submitted/ and is graded after the restart.
        for child in multiprocessing.active_children():
            child.terminate()
        for lane in self.all:
            lane.close()


def _kind(conditions: Conditions) -> Kind:
    return Kind.of(View(read_only=conditions.data, gpu=conditions.gpu, threads=conditions.threads))


def _warm_up(conditions: Conditions) -> None:
    release(acquire(_kind(conditions)))
