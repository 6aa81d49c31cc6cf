"""The examiner's own work, done while the student's process computes an answer.

A hidden test wants two outputs, the student's and the reference's. One after the other they cost the sum of both; the
student's is computed in another process, so the reference's can be computed while this one waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

import torch

Result = TypeVar("Result")


class Meanwhile(Generic[Result]):
    """A value that is computed while a request is under way, or when it is asked for, whichever comes first."""

    def __init__(self, compute: Callable[[], Result]) -> None:
        self._compute = compute
        self._with_gradients = torch.is_grad_enabled()
        self._outcome: Future[Result] = Future()

    @property
    def value(self) -> Result:
        """The value.

        Raises:
            Exception: what computing it has raised.
        """
        self.compute()
        return self._outcome.result()

    def compute(self) -> None:
        """Compute it, if that has not been done; an exception is kept for who asks for the value."""
        if self._outcome.done():
            return
        try:
            with torch.set_grad_enabled(self._with_gradients):  # a request may be made where it is off
                self._outcome.set_result(self._compute())
        except Exception as error:  # noqa: BLE001  it belongs to who asks for the value, not to the request
            self._outcome.set_exception(error)


_pending: ContextVar[tuple[Meanwhile[Any], ...]] = ContextVar("pending", default=())


@contextmanager
def meanwhile(compute: Callable[[], Result]) -> Iterator[Meanwhile[Result]]:
    """Inside the block the first request to a student's process does this work while it waits.

    Args:
        compute: draws no random numbers, or none that matter: it is not known when it runs.
    """
    work = Meanwhile(compute)
    token = _pending.set((*_pending.get(), work))
    try:
        yield work
    finally:
        _pending.reset(token)


def run_pending_work() -> None:
    """Do the work that was to be done during a request; called by the request, when it has been sent."""
    for work in _pending.get():
        work.compute()
