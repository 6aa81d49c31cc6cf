"""A lane: one worker process on one device, whose sandbox stays warm between submissions; a crash costs only it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from grader.fleet.workers import Workers, load_beside_sandbox
from grader.grading.job import Conditions, Job, view_of
from grader.sandbox.devices import Device
from grader.sandbox.slot import Kind, acquire, release
from grader.scoring.contest import RUNS_NOTEBOOK

R = TypeVar("R")
W = TypeVar("W")


class Lane:
    """A device with a worker of its own, which is started when there is something for it to do. Not thread-safe.

    Attributes:
        device: where its work runs.
    """

    def __init__(self, device: Device, workers: Workers) -> None:
        self.device = device
        self._workers = workers
        self._stack = ExitStack()
        self._executor: Executor | None = None
        self._conditions: Conditions | None = None

    def start(self, run: Callable[[Job], R], job: Job) -> Future[R]:
        """Have the worker do a job on the lane's device."""
        if job.conditions.source in RUNS_NOTEBOOK:  # predictions alone need no sandbox
            self._conditions = job.conditions
        job = replace(job, conditions=replace(job.conditions, device=self.device))
        return self.give(run, job)

    def warm_up(self, conditions: Conditions) -> None:
        """Start the worker and its sandbox before the first submission needs them."""
        self._conditions = conditions
        self.give(_start_sandbox, _kind(conditions, self.device))

    def can_do(self, conditions: Conditions) -> bool:
        """Whether what such jobs need is there."""
        return True

    def is_warm_for(self, conditions: Conditions) -> bool:
        """Whether the lane's sandbox is of the kind that these conditions need."""
        if self._conditions is None:
            return False
        return _kind(self._conditions, self.device) == _kind(conditions, self.device)

    def renew(self, *, is_warm: bool) -> None:
        """Let the next job have a new worker; the old one is gone.

        Args:
            is_warm: whether the new one is started at once, with a sandbox of the kind that the old one had.
        """
        self.close()
        self._executor = None
        if is_warm and self._conditions is not None:
            self.warm_up(self._conditions)

    def close(self) -> None:
        """End the worker."""
        self._stack.close()

    def give(self, run: Callable[[W], R], what: W) -> Future[R]:
        """Hand work to the worker; one that has died while it had nothing to do is replaced first."""
        try:
            return self._worker().submit(run, what)
        except BrokenProcessPool:
            self.renew(is_warm=False)
            return self._worker().submit(run, what)

    def _worker(self) -> Executor:
        if self._executor is None:
            self._executor = self._stack.enter_context(self._workers(1))
        return self._executor


def _kind(conditions: Conditions, device: Device) -> Kind:
    return Kind.of(view_of(replace(conditions, device=device)))


def _start_sandbox(kind: Kind) -> None:
    """In the worker: a sandbox of this kind is kept from now on."""
    load_beside_sandbox(kind)
    release(acquire(kind))
