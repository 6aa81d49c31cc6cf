"""Parts of a hidden test side by side: while one waits for the student's process, another goes on.

The student's process and the examiner's are two, and one part after another keeps one of them idle. Two threads work
the parts off here, and one of them runs at a time: it hands over when its request is on its way. So a part is ordinary
code, and nothing changes under its hands but while it waits. The language of messages, gradients on or off and torch's
random numbers are each part's own; Python's and numpy's random numbers are shared.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Generic, TypeVar

import torch

from grader.errors import KernelGone
from grader.examiner import examination
from grader.examiner.randomness import is_fresh, seed_freshly

Result = TypeVar("Result")


class _Lane:
    """One of the two threads that work off the parts.

    Attributes:
        turn: a semaphore that is released when this thread may go on.
        other: the other thread.
        has_ended: whether it has nothing left to do.
    """

    def __init__(self, other: _Lane | None = None) -> None:
        self.turn = threading.Semaphore(0)
        self.has_ended = False
        self.other = other or _Lane(self)

    def end(self) -> None:
        """Let the other one go on, for good."""
        self.has_ended = True
        self.other.turn.release()


_lane: ContextVar[_Lane | None] = ContextVar("lane", default=None)


class _Work(Generic[Result]):
    """Parts that are left to do, what those that are done returned, and what others have raised, by number."""

    def __init__(self, parts: Sequence[Callable[[], Result]]) -> None:
        self.left = deque(enumerate(parts))
        self.results: dict[int, Result] = {}
        self.errors: dict[int, BaseException] = {}

    def do(self) -> None:
        """Do one part after another, as long as none raises."""
        while self.left:
            number, part = self.left.popleft()
            try:
                self.results[number] = part()
            except BaseException as error:  # noqa: BLE001  raised again where all parts are waited for
                self.errors[number] = error
                self.left.clear()

    def do_in_other_lane(self, lane: _Lane, *, with_gradients: bool) -> None:
        """Do the same in the other lane, when it is its turn."""
        lane.turn.acquire()
        _lane.set(lane)
        try:
            seed_freshly()
            with torch.set_grad_enabled(with_gradients):
                self.do()
        finally:
            lane.end()

    def take_error(self) -> BaseException | None:
        """Take the error that is to be raised; all are forgotten here.

        It is the earliest part's, as in a loop; but a kernel that is gone is mostly what another part has led to.
        """
        if not self.errors:
            return None

        def rank(number: int) -> tuple[bool, bool, int]:
            error = self.errors[number]
            return isinstance(error, Exception), isinstance(error, KernelGone), number

        error = self.errors[min(self.errors, key=rank)]
        self.errors.clear()  # an exception whose own frames refer to it keeps alive all that they hold
        return error


def side_by_side(parts: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do all parts; one after another where no student's process is waited for, or the test has chosen a seed.

    Args:
        parts: independent of each other.

    Returns:
        What they return, in order.

    Raises:
        Exception: what the earliest of the parts has raised that raised something. Parts that had not begun by then
            are left undone.
    """
    if len(parts) < 2 or _lane.get() is not None or examination.current() is None or not is_fresh():
        return [part() for part in parts]
    work, lane = _Work(parts), _Lane()
    beside = partial(work.do_in_other_lane, lane.other, with_gradients=torch.is_grad_enabled())
    thread = threading.Thread(target=copy_context().run, args=(beside,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # this machine has no room for another thread
        return [part() for part in parts]
    token = _lane.set(lane)
    try:
        work.do()
    finally:
        random_numbers = torch.get_rng_state()
        lane.end()
        thread.join()
        torch.set_rng_state(random_numbers)
        _lane.reset(token)
    error = work.take_error()
    try:
        if error is not None:
            raise error
    finally:
        del error
    return [work.results[number] for number in range(len(parts))]


def run_other_lane() -> None:
    """Let the other lane go on until it waits likewise; called by a request, when it has been sent."""
    lane = _lane.get()
    if lane is None or lane.other.has_ended:
        return
    random_numbers = torch.get_rng_state()
    lane.other.turn.release()
    lane.turn.acquire()
    torch.set_rng_state(random_numbers)
