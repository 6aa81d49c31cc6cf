"""Lanes: one worker process each, whose sandbox stays warm between submissions; a crash costs only its own lane."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from grader.fleet.scheduling import Lane, Workers
from grader.fleet.tries import submit
from grader.grading.job import Conditions, Graded, Job, view_of
from grader.sandbox.devices import Device
from grader.sandbox.slot import Kind, acquire, release


class WarmLane(Lane):
    """A lane whose sandbox is started before the first submission needs it."""

    def __init__(self, device: Device, workers: Workers) -> None:
        super().__init__(device, workers)
        self._conditions: Conditions | None = None
        self.is_free = True

    def warm_up(self, conditions: Conditions) -> None:
        """Start the worker and its sandbox before the first submission needs them."""
        self._conditions = conditions
        self.give(lambda worker: worker.submit(_warm_up, _kind(conditions, self.device)))

    def suits(self, conditions: Conditions) -> bool:
        """Whether the lane's sandbox is of the kind that these conditions need."""
        if self._conditions is None:
            return False
        return _kind(self._conditions, self.device) == _kind(conditions, self.device)

    def start(self, job: Job) -> Future[Graded]:
        """Grade a submission; the lane is free again when `done` is called."""
        if job.conditions.source == "rerun":
            self._conditions = job.conditions
        future = self.give(lambda worker: submit(worker, job, self.device))
        self.is_free = False
        return future

    def done(self, result: Graded | Exception) -> None:
        """The submission is over; a worker that it has ended is replaced at once."""
        self.is_free = True
        if isinstance(result, BrokenProcessPool):
            self.renew()
            if self._conditions is not None:
                self.warm_up(self._conditions)


class Lanes:
    """All lanes of a watcher.

    Attributes:
        all: the lanes.
        workers: makes an executor.
        beside: what else has to end with the lanes.
    """

    def __init__(self, devices: Sequence[Device], workers: Workers) -> None:
        self.workers = workers
        self.beside = ExitStack()
        self.all = [WarmLane(device, workers) for device in devices]
        self._has_gpu = any(device.is_gpu for device in devices)

    def free(self, conditions: Conditions) -> WarmLane | None:
        """A free lane on the right kind of device, if possible with a warm sandbox of the right kind; None for none."""
        wants_gpu = conditions.gpu and self._has_gpu
        free = [lane for lane in self.all if lane.is_free and lane.device.is_gpu == wants_gpu]
        return min(free, key=lambda lane: not lane.suits(conditions), default=None)

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
        self.beside.close()


def _kind(conditions: Conditions, device: Device) -> Kind:
    return Kind.of(view_of(replace(conditions, device=device)))


def _warm_up(kind: Kind) -> None:
    release(acquire(kind))
