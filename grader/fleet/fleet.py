"""The fleet: where submissions run, for `grader grade`, the watcher and the audit.

It holds a lane for each place on a device and knows what runs in which. It decides nothing about results: whether one
stands or has to be tried again, alone, is for the caller to say (`grader.fleet.tries`).
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from grader.fleet.lane import Lane
from grader.fleet.tries import outcome
from grader.fleet.workers import Workers
from grader.grading.job import Conditions, Job
from grader.sandbox.devices import Device

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


@dataclass(frozen=True)
class _Retry(Generic[T]):
    item: T
    job: Job
    device: Device


class Fleet(Generic[T, R]):
    """Lanes, and what runs in them. Use it as a context manager; it starts no process before there is work.

    Args:
        devices: every place; each becomes a lane.
        workers: makes the executor of a lane.
        run: what a worker does with a job; a function of a module, for it goes to another process.
        is_service: whether it serves until it is told to stop: a lane whose worker has crashed is warmed up again at
            once, and in the end what runs is dropped and not waited for.
        placed: called when a job begins.

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
    ) -> None:
        self._lanes = [Lane(device, workers) for device in devices]
        self.workers = workers
        self.beside = ExitStack()
        self._has_gpu = any(device.is_gpu for device in devices)
        self._run = run
        self._is_service = is_service
        self._placed = placed
        self._queues: dict[Lane, deque[_Run[T, R]]] = {lane: deque() for lane in self._lanes}
        self._retries: deque[_Retry[T]] = deque()
        self._is_alone = False

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
        """What runs, or waits in a lane for the job before it."""
        return [run.item for queue in self._queues.values() for run in queue]

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
        if self._is_alone:
            return None
        lanes = [lane for lane in self._of_kind(conditions) if len(self._queues[lane]) <= look_ahead]
        return min(lanes, key=lambda lane: (len(self._queues[lane]), not lane.is_warm_for(conditions)), default=None)

    def start(self, item: T, job: Job, lane: Lane) -> None:
        """Give a job to a lane."""
        queue = self._queues[lane]
        if not queue:
            self._placed(item, lane.device)
        queue.append(_Run(item, job, lane, lane.start(self._run, job)))

    def warm_up(self, conditions: Conditions) -> None:
        """Let every lane that has nothing to do start a sandbox of the kind that these conditions need."""
        for lane, queue in self._queues.items():
            if not queue and not lane.is_warm_for(conditions):
                lane.warm_up(conditions)

    def collect(self, *, timeout_s: float | None = 0.0) -> list[Finished[T, R]]:
        """What is over by now; lanes whose worker has crashed have a new one.

        Args:
            timeout_s: how long to wait for the first; None waits without end, and needs something that runs.
        """
        wait([run.future for queue in self._queues.values() for run in queue], timeout_s, FIRST_COMPLETED)
        over: list[Finished[T, R]] = []
        for lane, queue in self._queues.items():
            ended: list[R | Exception] = []
            while queue and queue[0].future.done():
                run = queue.popleft()
                result = outcome(run.future)
                ended.append(result)
                over.append(Finished(run.item, run.job, lane.device, result))
                if queue:
                    self._placed(queue[0].item, lane.device)
            if any(isinstance(result, BrokenProcessPool) for result in ended):
                lane.renew(is_warm=self._is_service)
        self._is_alone = self._is_alone and not over
        return over

    def retry_alone(self, finished: Finished[T, R], job: Job) -> None:
        """Have a job done once more on the same device when nothing else runs, which could be taken for it."""
        self._retries.append(_Retry(finished.item, job, finished.device))

    def start_retry(self) -> bool:
        """Start the next job that has to be tried again, if nothing runs; whether one was started."""
        if not self._retries or self.running:
            return False
        retry = self._retries.popleft()
        lane = next(lane for lane in self._lanes if lane.device == retry.device)
        self.start(retry.item, retry.job, lane)
        self._is_alone = True
        return True

    def lanes_for(self, conditions: Conditions) -> int:
        """How many lanes take such jobs."""
        return len(self._of_kind(conditions))

    def is_for_gpu(self, conditions: Conditions) -> bool:
        """Whether such jobs run on GPUs here."""
        return conditions.gpu and self._has_gpu

    def _of_kind(self, conditions: Conditions) -> list[Lane]:
        return [lane for lane in self._lanes if lane.device.is_gpu == self.is_for_gpu(conditions)]


def run_all(
    fleet: Fleet[T, R], work: Iterable[tuple[T, Job]], next_try: Callable[[Job, R | Exception], Job | None]
) -> Iterator[Finished[T, R]]:
    """Run jobs that are all there from the start; results as they come.

    A lane gets its next job ahead, so that it need not wait for the caller in between, where jobs are short (not on
    GPUs) and enough are left for the other lanes. What has to be tried again comes last.

    Args:
        fleet: with nothing to do.
        work: the caller's items and their jobs.
        next_try: the job to do once more, or None where the result stands.
    """
    waiting: dict[bool, deque[tuple[T, Job]]] = {True: deque(), False: deque()}
    for item, job in work:
        waiting[fleet.is_for_gpu(job.conditions)].append((item, job))
    stands: list[Finished[T, R]] = []
    while True:
        for is_gpu, queue in waiting.items():
            while queue:
                item, job = queue[0]
                ahead = int(not is_gpu and len(queue) > fleet.lanes_for(job.conditions))
                lane = fleet.free_lane(job.conditions, look_ahead=ahead)
                if lane is None:
                    break
                queue.popleft()
                fleet.start(item, job, lane)
        yield from stands  # while the caller records them, the lanes are at work
        if not fleet.running and not fleet.start_retry():
            return
        over = fleet.collect(timeout_s=None)
        stands = []
        for finished in over:
            again = next_try(finished.job, finished.result)
            if again is not None:
                fleet.retry_alone(finished, again)
            else:
                stands.append(finished)
