"""Parts of a hidden test side by side: while one waits for the student's process, another goes on.

The student's process and the examiner's are two, and one part after another keeps one of them idle. Two threads work
the parts off here, and one of them runs at a time: it hands over when its request is on its way. So a part is ordinary
code, and nothing changes under its hands but while it waits; what belongs to a thread (the language of messages,
gradients on or off, random numbers) is its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from typing import TypeVar

import torch

from grader.examiner import examination
from grader.examiner.randomness import is_fresh, seed_freshly

Result = TypeVar("Result")


class _Lane:
    """One of two threads.

    Attributes:
        turn: released when it may go on.
        other: the other one.
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


def side_by_side(parts: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do all parts; one after another where no student's process is waited for, or the test has chosen a seed.

    Args:
        parts: independent of each other.

    Returns:
        What they return, in order.

    Raises:
        Exception: what the earliest of the parts has raised that raised something; later parts are left undone where
            they had not begun.
    """
    if len(parts) < 2 or _lane.get() is not None or examination.current() is None or not is_fresh():
        return [part() for part in parts]
    outcomes: list[Future[Result]] = [Future() for _part in parts]
    left = deque(zip(parts, outcomes, strict=True))
    lane = _Lane()
    thread = threading.Thread(target=copy_context().run, args=(_work_off_beside, lane.other, left))
    token = _lane.set(lane)
    thread.start()
    try:
        _work_off(left)
    finally:
        random_numbers = torch.get_rng_state()
        lane.end()
        thread.join()
        torch.set_rng_state(random_numbers)
        _lane.reset(token)
    for outcome in outcomes:
        if outcome.done() and (error := outcome.exception()) is not None:
            raise error
    return [outcome.result() for outcome in outcomes]


def _work_off(left: deque[tuple[Callable[[], Result], Future[Result]]]) -> None:
    while left:
        part, outcome = left.popleft()
        try:
            outcome.set_result(part())
        except BaseException as error:  # noqa: BLE001  raised again where all parts are waited for
            outcome.set_exception(error)
            left.clear()


def _work_off_beside(lane: _Lane, left: deque[tuple[Callable[[], Result], Future[Result]]]) -> None:
    lane.turn.acquire()
    _lane.set(lane)
    try:
        seed_freshly()
        _work_off(left)
    finally:
        lane.end()


def hand_over() -> None:
    """Let the other part go on until it waits likewise; called by a request, when it is on its way."""
    lane = _lane.get()
    if lane is None or lane.other.has_ended:
        return
    random_numbers = torch.get_rng_state()
    lane.other.turn.release()
    lane.turn.acquire()
    torch.set_rng_state(random_numbers)
