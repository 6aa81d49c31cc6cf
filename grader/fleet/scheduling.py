"""Give submissions to devices: each device has one at a time, and whoever is free takes the next that fits it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from grader.sandbox.devices import Device

T = TypeVar("T")
R = TypeVar("R")
Workers = Callable[[int], AbstractContextManager[Executor]]


@dataclass(frozen=True)
class Placed(Generic[T, R]):
    """One piece of work that is done with.

    Attributes:
        item: the work.
        device: where it ran.
        future: what came of it.
    """

    item: T
    device: Device
    future: Future[R]


class Lane:
    """A device with a worker process of its own, which keeps its sandbox warm. Not thread-safe.

    Attributes:
        device: where its work runs.
    """

    def __init__(self, device: Device, workers: Workers) -> None:
        self.device = device
        self._workers = workers
        self._stack = ExitStack()
        self._executor: Executor | None = None

    def give(self, submit: Callable[[Executor], Future[R]]) -> Future[R]:
        """Hand work to the worker; one that has died while it had nothing to do is replaced first."""
        try:
            return submit(self.worker())
        except BrokenProcessPool:
            self.renew()
            return submit(self.worker())

    def worker(self) -> Executor:
        """The worker, started where there is none."""
        if self._executor is None:
            self._executor = self._stack.enter_context(self._workers(1))
        return self._executor

    def renew(self) -> None:
        """The worker is gone; what comes next gets a new one."""
        self._executor = None
        self._stack.close()

    def close(self) -> None:
        """End the worker."""
        self._stack.close()


@contextmanager
def open_lanes(devices: Sequence[Device], workers: Workers) -> Iterator[list[Lane]]:
    """A lane for each device; in the end all are closed at the same time, since each takes a while."""
    lanes = [Lane(device, workers) for device in devices]
    try:
        yield lanes
    finally:
        with ThreadPoolExecutor(max(1, len(lanes))) as closing:
            list(closing.map(Lane.close, lanes))


class Scheduler(Generic[T, R]):
    """Runs work on devices, each of which has a worker process of its own.

    Args:
        devices: every place.
        workers: makes an executor for a number of slots.
        submit: hands a piece of work for a device to an executor.
        wants_gpu: whether a piece of work is for a GPU; where there is none, a processor takes it.
        placed: hears of each start.
        again: whether what became of a piece of work is no result, so that it has to be tried once more, alone.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        workers: Workers,
        submit: Callable[[Executor, T, Device], Future[R]],
        wants_gpu: Callable[[T], bool],
        placed: Callable[[T, Device], None] = lambda item, device: None,
        again: Callable[[T, Future[R]], bool] = lambda item, future: False,
    ) -> None:
        self._workers = workers
        self._submit = submit
        self._placed = placed
        self._again = again
        self._has_gpu = any(device.is_gpu for device in devices)
        self._devices = devices
        self._wants_gpu = wants_gpu

    def run(self, items: Sequence[T]) -> Iterator[Placed[T, R]]:
        """Results as they come; what has to be tried again comes last, when nothing else runs."""
        waiting = {is_gpu: deque(item for item in items if self._kind(item) == is_gpu) for is_gpu in (True, False)}
        devices = [
            device
            for is_gpu in (True, False)
            for device in [device for device in self._devices if device.is_gpu == is_gpu][: len(waiting[is_gpu])]
        ]
        with open_lanes(devices, self._workers) as lanes:
            free = {is_gpu: deque(lane for lane in lanes if lane.device.is_gpu == is_gpu) for is_gpu in (True, False)}
            running: dict[Future[R], tuple[T, Lane]] = {}
            lost: list[tuple[T, Lane]] = []

            def start() -> None:
                for is_gpu in (True, False):
                    while free[is_gpu] and waiting[is_gpu]:
                        lane, item = free[is_gpu].popleft(), waiting[is_gpu].popleft()
                        running[self._start(item, lane)] = (item, lane)

            start()
            while running:
                done = wait(running, return_when=FIRST_COMPLETED).done
                ended = [(future, *running.pop(future)) for future in done]
                for future, _item, lane in ended:
                    _renew_broken(lane, future)
                    free[lane.device.is_gpu].append(lane)
                start()  # before the caller records what has ended
                for future, item, lane in ended:
                    if self._again(item, future):
                        lost.append((item, lane))
                    else:
                        yield Placed(item, lane.device, future)
            for item, lane in lost:
                yield self._alone(item, lane)

    def _alone(self, item: T, lane: Lane) -> Placed[T, R]:
        """Try a piece of work until there is a result."""
        while True:
            future = self._start(item, lane)
            wait([future])
            _renew_broken(lane, future)
            if not self._again(item, future):
                return Placed(item, lane.device, future)

    def _kind(self, item: T) -> bool:
        return self._has_gpu and self._wants_gpu(item)

    def _start(self, item: T, lane: Lane) -> Future[R]:
        self._placed(item, lane.device)
        return lane.give(lambda executor: self._submit(executor, item, lane.device))


def _renew_broken(lane: Lane, future: Future[R]) -> None:
    if isinstance(future.exception(), BrokenProcessPool):
        lane.renew()
