"""Give submissions to devices: each device has one at a time, and whoever is free takes the next that fits it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

from grader.devices import Device

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


class Scheduler(Generic[T, R]):
    """Runs work on devices.

    A GPU's work runs in a worker process of its own, which keeps its sandbox warm; processors share one executor.

    Args:
        devices: every place.
        workers: makes an executor for a number of slots.
        submit: hands a piece of work for a device to an executor.
        wants_gpu: whether a piece of work is for a GPU; where there is none, a processor takes it.
        placed: hears of each start.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        workers: Workers,
        submit: Callable[[Executor, T, Device], Future[R]],
        wants_gpu: Callable[[T], bool],
        placed: Callable[[T, Device], None] = lambda item, device: None,
    ) -> None:
        self._workers = workers
        self._submit = submit
        self._placed = placed
        self._has_gpu = any(device.is_gpu for device in devices)
        self._devices = devices
        self._wants_gpu = wants_gpu
        self._executors: dict[str, Executor] = {}

    def run(self, items: Sequence[T]) -> Iterator[Placed[T, R]]:
        """Results as they come; a worker that crashed shows as `BrokenProcessPool` in the future."""
        waiting = {is_gpu: deque(item for item in items if self._kind(item) == is_gpu) for is_gpu in (True, False)}
        free = {
            is_gpu: deque([device for device in self._devices if device.is_gpu == is_gpu][: len(waiting[is_gpu])])
            for is_gpu in (True, False)
        }
        slots = len(free[False])
        running: dict[Future[R], tuple[T, Device]] = {}
        self._executors.clear()
        with ExitStack() as open_executors:

            def start() -> None:
                for is_gpu in (True, False):
                    while free[is_gpu] and waiting[is_gpu]:
                        device, item = free[is_gpu].popleft(), waiting[is_gpu].popleft()
                        self._placed(item, device)
                        running[self._start(item, device, slots, open_executors)] = (item, device)

            start()
            while running:
                done = wait(running, return_when=FIRST_COMPLETED).done
                ended = [Placed(*running.pop(future), future) for future in done]
                for placed in ended:
                    free[placed.device.is_gpu].append(placed.device)
                start()  # before the caller records what has ended
                yield from ended

    def again(self, placed: Placed[T, R]) -> Placed[T, R]:
        """Try one piece of work once more, alone, on the same device."""
        with self._workers(1) as executor:
            future = self._submit(executor, placed.item, placed.device)
            wait([future])
        return Placed(placed.item, placed.device, future)

    def _kind(self, item: T) -> bool:
        return self._has_gpu and self._wants_gpu(item)

    def _start(self, item: T, device: Device, slots: int, open_executors: ExitStack) -> Future[R]:
        if device.name not in self._executors:
            executor = open_executors.enter_context(self._workers(1 if device.is_gpu else slots))
            self._executors[device.name] = executor
        try:
            return self._submit(self._executors[device.name], item, device)
        except BrokenProcessPool as broken:  # an earlier piece of work has crashed its worker
            lost: Future[R] = Future()
            lost.set_exception(broken)
            return lost


class Pace:
    """How fast devices are, and how long each will still be busy."""

    def __init__(self) -> None:
        self._spent: dict[str, list[float]] = {}

    def note(self, device: str, wall_s: float) -> None:
        """One more submission took so long there."""
        self._spent.setdefault(device, []).append(wall_s)

    def done(self, device: str) -> int:
        """Submissions that the device is done with."""
        return len(self._spent.get(device, ()))

    def left_s(self, device: str, remaining: int, devices: int) -> float | None:
        """Seconds until the device has done its part of what remains; None before anything is known of it.

        Args:
            device: its name.
            remaining: submissions that are not done yet, those that run included.
            devices: how many share them.
        """
        own = self._spent.get(device)
        if not own:
            return None
        return sum(own) / len(own) * -(-remaining // max(1, devices))
