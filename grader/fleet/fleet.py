"""The fleet: where submissions run, for `grader grade`, the watcher and the audit.

It holds a lane for each place on a device and knows what runs in which. It decides nothing about results: whether one
stands or has to be tried again, alone, is for the caller to say (`grader.fleet.tries`). Lanes are of this machine, or
of machines that come and go (`grader.fleet.machines`).
"""

from __future__ import annotations

import multiprocessing
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from grader.errors import EnvironmentFault
from grader.fleet.lane import Lane
from grader.fleet.machines import MachineLacks, MachineLost, Machines
from grader.fleet.tries import outcome
from grader.fleet.workers import Workers
from grader.grading.job import Conditions, Job
from grader.language import _
from grader.sandbox.devices import CPU, Device

MAX_LOSSES = 1
"""So many machines may go while they do a job, and it is given to the next; then it is tried once more, alone."""
MOST_WAITING = 256
_TERMINATE_EVERY_S = 0.1
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Finished(Generic[T, R]):
    """A job that is over.

    Attributes:
        item: what the caller knows it by.
        job: what was done.
        device: where.
        result: what came of it.
    """

    item: T
    job: Job
    device: Device
    result: R | Exception


@dataclass(frozen=True, eq=False)
class _Run(Generic[T, R]):
    item: T
    job: Job
    lane: Lane
    future: Future[R]
    losses: int


@dataclass(frozen=True)
class _Retry(Generic[T]):
    item: T
    job: Job
    device: Device


@dataclass(frozen=True)
class _Lost(Generic[T]):
    """A job whose machine has gone; `losses` counts the machines that went while they did it."""

    item: T
    job: Job
    losses: int


class Fleet(Generic[T, R]):
    """Lanes, and what runs in them. Use it as a context manager; it starts no process before there is work.

    Args:
        devices: every place of this machine; each becomes a lane.
        workers: makes the executor of a lane.
        run: what a worker does with a job; a function of a module, for it goes to another process.
        is_service: whether it serves until it is told to stop: a lane whose worker has crashed is warmed up again at
            once, and in the end what runs is dropped and not waited for.
        placed: called when a job begins.
        machines: other machines, whose lanes come and go; then there are no `devices`.
        waits_for_gpu: whether jobs for a GPU wait for a machine with one where there is none yet.

    Attributes:
        workers: as given.
        beside: what else has to end with the lanes.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        workers: Workers,
        run: Callable[[Job], R],
        *,
        is_service: bool = False,
        placed: Callable[[T, Device], None] = lambda item, device: None,
        machines: Machines | None = None,
        waits_for_gpu: bool = False,
    ) -> None:
        self._lanes = [Lane(device, workers) for device in devices]
        self.workers = workers
        self.beside = ExitStack()
        self._machines = machines
        self._waits_for_gpu = waits_for_gpu
        self._run = run
        self._is_service = is_service
        self._placed = placed
        self._queues: dict[Lane, deque[_Run[T, R]]] = {lane: deque() for lane in self._lanes}
        self._retries: deque[_Retry[T]] = deque()
        self._lost: deque[_Lost[T]] = deque()
        self._is_alone = False
        self._changed: Future[None] | None = None
        self._look_at_machines()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor(max(1, len(self._lanes))) as pool:  # each takes a while
            closing = [pool.submit(lane.close) for lane in self._lanes]
            while self._is_service and wait(closing, _TERMINATE_EVERY_S).not_done:
                # What runs may take minutes more; it is in the inbox or in submitted/ and is graded after the restart.
                # Not once: a worker may be on its way when the fleet is told to stop.
                for child in multiprocessing.active_children():
                    child.terminate()
        for closed in closing:
            closed.result()
        self.beside.close()

    @property
    def running(self) -> list[T]:
        """What runs, or waits in a lane for the job before it, or for another machine than the one that was lost."""
        return [*(run.item for queue in self._queues.values() for run in queue), *(lost.item for lost in self._lost)]

    @property
    def retries(self) -> list[T]:
        """What has to be tried again when nothing else runs."""
        return [retry.item for retry in self._retries]

    def free_lane(self, conditions: Conditions, *, look_ahead: int = 0) -> Lane | None:
        """A lane for such a job, if possible with a warm sandbox of its kind; None where the job has to wait.

        Args:
            conditions: of the job; one that is for a GPU gets one where there is any.
            look_ahead: how many jobs a lane may be given beyond the one that it is doing.
        """
        return None if self._is_alone else self._free_lane(conditions, look_ahead)

    def _free_lane(self, conditions: Conditions, look_ahead: int = 0) -> Lane | None:
        lanes = [lane for lane in self._of_kind(conditions) if len(self._queues[lane]) <= look_ahead]
        return min(lanes, key=lambda lane: (len(self._queues[lane]), not lane.is_warm_for(conditions)), default=None)

    def start(self, item: T, job: Job, lane: Lane) -> None:
        """Give a job to a lane."""
        self._begin(item, job, lane, losses=0)

    def _begin(self, item: T, job: Job, lane: Lane, *, losses: int) -> None:
        queue = self._queues[lane]
        if not queue:
            self._placed(item, lane.device)
        queue.append(_Run(item, job, lane, lane.start(self._run, job), losses))

    def warm_up(self, conditions: Conditions) -> None:
        """Let every lane that has nothing to do start a sandbox of the kind that these conditions need."""
        for lane, queue in self._queues.items():
            if not queue and not lane.is_warm_for(conditions):
                lane.warm_up(conditions)

    def collect(self, *, timeout_s: float | None = 0.0) -> list[Finished[T, R]]:
        """What is over by now; lanes whose worker has crashed have a new one.

        Args:
            timeout_s: how long to wait for the first; None waits without end, and needs something that runs. Where
                machines come and go, that ends the waiting too.
        """
        happens: list[Future[Any]] = [run.future for queue in self._queues.values() for run in queue]
        happens += [] if self._changed is None else [self._changed]
        wait(happens, timeout_s, FIRST_COMPLETED)
        over: list[Finished[T, R]] = []
        for lane, queue in self._queues.items():
            ended: list[R | Exception] = []
            while queue and queue[0].future.done():
                run = queue.popleft()
                result = outcome(run.future)
                if isinstance(result, MachineLost) and run.losses + (not ended) <= MAX_LOSSES:
                    # Only the first of a lane was being done; that the machine went may have been that job's doing.
                    self._lost.append(_Lost(run.item, run.job, run.losses + (not ended)))
                    ended.append(result)
                    continue
                ended.append(result)
                over.append(Finished(run.item, run.job, lane.device, result))
                if queue:
                    self._placed(queue[0].item, lane.device)
            if any(isinstance(result, BrokenProcessPool) for result in ended):
                lane.renew(is_warm=self._is_service)
        self._is_alone = self._is_alone and not over
        self._look_at_machines()
        self._place_lost()
        return over

    def _look_at_machines(self) -> None:
        """Take up lanes that have come; those that are gone stay until their jobs are collected, and get no others."""
        if self._machines is None:
            return
        if self._changed is not None and self._changed.done():
            self._changed.result()  # raises where none has come for too long
        self._changed = self._machines.changed  # before looking: what changes from here on ends the next waiting
        self._lanes = list(self._machines.lanes())
        there = set(self._lanes)
        for lane in there - self._queues.keys():
            self._queues[lane] = deque()
        self._queues = {lane: queue for lane, queue in self._queues.items() if queue or lane in there}

    def _place_lost(self) -> None:
        """Give the jobs of lost machines to others, before anything new; one that was alone stays alone."""
        for _each in range(len(self._lost)):
            lost = self._lost.popleft()
            lane = self._free_lane(lost.job.conditions)
            if lane is None:
                self._lost.append(lost)
            else:
                self._begin(lost.item, lost.job, lane, losses=lost.losses)

    def retry_alone(self, finished: Finished[T, R], job: Job) -> None:
        """Have a job done once more on the same device when nothing else runs, which could be taken for it."""
        self._retries.append(_Retry(finished.item, job, finished.device))

    def start_retry(self) -> bool:
        """Start the next job that has to be tried again, if nothing runs; whether one was started."""
        if not self._retries or self.running:
            return False
        self._look_at_machines()
        retry = self._retries[0]
        lanes = self._of_kind(retry.job.conditions)
        lane = next((lane for lane in self._lanes if lane.device == retry.device), lanes[0] if lanes else None)
        if lane is None:
            return False  # its machine is gone, and no other has come yet
        self._retries.popleft()
        self.start(retry.item, retry.job, lane)
        self._is_alone = True
        return True

    def nobody_can(self, all_conditions: Iterable[Conditions]) -> EnvironmentFault | None:
        """Why no lane will do any of such jobs, where machines are there and all of them lack what the jobs need."""
        if not self._lanes or any(self.lanes_for(conditions) for conditions in all_conditions):
            return None
        return MachineLacks(
            _("No machine of the cluster has the data set, or the weights, that the assignment needs."),
            remedy=_("Copy them there and name them: `grader worker ADDRESS --data FOLDER`."),
        )

    def lanes_for(self, conditions: Conditions) -> int:
        """How many lanes take such jobs."""
        return len(self._of_kind(conditions))

    def is_for_gpu(self, conditions: Conditions) -> bool:
        """Whether such jobs run on GPUs here."""
        if not conditions.gpu:
            return False
        return self._waits_for_gpu or any(lane.device.is_gpu and lane.can_do(conditions) for lane in self._lanes)

    def _of_kind(self, conditions: Conditions) -> list[Lane]:
        is_for_gpu = self.is_for_gpu(conditions)
        return [lane for lane in self._lanes if lane.device.is_gpu == is_for_gpu and lane.can_do(conditions)]


def run_all(
    fleet: Fleet[T, R], work: Iterable[tuple[T, Job]], next_try: Callable[[Job, R | Exception], Job | None]
) -> Iterator[Finished[T, R]]:
    """Run jobs that are all there from the start; results as they come.

    A lane gets its next job ahead, so that it need not wait for the caller in between, where jobs are short (not on
    GPUs) and enough are left for the other lanes. What has to be tried again comes last.

    Args:
        fleet: with nothing to do.
        work: the caller's items and their jobs; taken as they are needed, a few hundred ahead.
        next_try: the job to do once more, or None where the result stands.
    """
    source = iter(work)
    waiting: deque[tuple[T, Job]] = deque()
    stands: list[Finished[T, R]] = []
    while True:
        waiting.extend(islice(source, MOST_WAITING - len(waiting)))
        _start_what_fits(fleet, waiting)
        yield from stands  # while the caller records them, the lanes are at work
        if not fleet.running and not fleet.start_retry():
            if not waiting and not fleet.retries:
                return
            fault = fleet.nobody_can(job.conditions for _item, job in waiting)
            if fault is not None:
                stands = [Finished(item, job, CPU, fault) for item, job in waiting]
                waiting.clear()
                continue
        over = fleet.collect(timeout_s=None)
        stands = []
        for finished in over:
            again = next_try(finished.job, finished.result)
            if again is not None:
                fleet.retry_alone(finished, again)
            else:
                stands.append(finished)


def _start_what_fits(fleet: Fleet[T, R], waiting: deque[tuple[T, Job]]) -> None:
    """Start the jobs for which a lane is free, in their order; the others go on waiting."""
    # Jobs of an assignment share their conditions: what holds for one of them holds for all.
    is_gpu = {id(job.conditions): fleet.is_for_gpu(job.conditions) for _item, job in waiting}
    left = Counter(is_gpu[id(job.conditions)] for _item, job in waiting)
    has_to_wait: set[int] = set()
    for _each in range(len(waiting)):
        item, job = waiting.popleft()
        kind = id(job.conditions)
        lane = None
        if kind not in has_to_wait:
            ahead = int(not is_gpu[kind] and left[is_gpu[kind]] > fleet.lanes_for(job.conditions))
            lane = fleet.free_lane(job.conditions, look_ahead=ahead)
        if lane is None:
            has_to_wait.add(kind)
            waiting.append((item, job))
        else:
            left[is_gpu[kind]] -= 1
            fleet.start(item, job, lane)
