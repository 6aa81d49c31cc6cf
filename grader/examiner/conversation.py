"""Requests to the agent in a student's kernel, and its answers as far as their form goes."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from grader.errors import InvalidAssignment, StudentCodeRaised
from grader.examiner.meanwhile import do_what_waits
from grader.examiner.questions import Answering
from grader.examiner.side_by_side import hand_over
from grader.examiner.wire import MAX_ITEMS, InvalidReply, Json
from grader.printable import printable

MAX_ERROR_TEXT = 4000
MAX_TRACEBACK_LINES = 30


class Channel(Protocol):
    """What the examiner needs of a kernel: `grader.sandbox.kernel.Kernel` has it."""

    def request(
        self,
        content: dict[str, Json],
        buffers: Sequence[memoryview | bytes],
        meanwhile: Callable[[], None],
        answering: Answering | None,
    ) -> tuple[dict[str, Json], list[memoryview]]:
        """Ask the agent, do something meanwhile, answer what it asks in turn, and wait for its answer."""


class Kept:
    """Something that the sandbox keeps for us: when nobody here refers to it any more, the next request says so."""

    def __init__(self, number: int, released: list[int]) -> None:
        self.number = number
        weakref.finalize(self, released.append, number).atexit = False


class Conversation:
    """One conversation with the agent in a student's kernel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._released: list[int] = []
        self._answering: list[Answering] = []

    def keep(self, number: int) -> Kept:
        """A handle that releases the sandbox's object when it is collected."""
        return Kept(number, self._released)

    def ask(
        self,
        content: dict[str, Json],
        buffers: Sequence[memoryview | bytes] = (),
        functions: Sequence[Callable[..., Any]] = (),
    ) -> tuple[dict[str, Json], list[memoryview]]:
        """The agent's answer: a dict without an error in it, and its buffers.

        Args:
            content: what is asked.
            buffers: bytes beside it.
            functions: of the test's, which the student's code may ask until its answer is there.

        Raises:
            InvalidAssignment: one of these functions asks the student's process itself.
            StudentCodeRaised: the student's code raised; the message carries its traceback.
            InvalidReply: the answer is no answer.
            LimitExceeded, KernelGone: from the channel.
        """
        if any(answering.is_busy for answering in self._answering):
            raise InvalidAssignment("A function that a hidden test gives to student code calls student code itself.")
        released = self._released[:]
        del self._released[: len(released)]  # the garbage collector may have added to it meanwhile
        sizes, frames = joined(buffers)
        told = {**content, "release": released, "sizes": sizes}
        answering = Answering(functions) if functions else None
        with self._asked_back(answering):
            reply, raw = self._channel.request(told, frames, _meanwhile, answering)
        if isinstance(reply, dict) and reply.get("status") == "error":
            raise _student_error(reply)
        if not isinstance(reply, dict) or reply.get("status") != "ok" or not isinstance(raw, list):
            raise InvalidReply("The student's process gave no answer.")
        return reply, split(reply.get("sizes"), raw)

    @contextmanager
    def _asked_back(self, answering: Answering | None) -> Iterator[None]:
        if answering is None:
            yield
            return
        self._answering.append(answering)
        try:
            yield
        finally:
            self._answering.remove(answering)
        if answering.fault is not None:
            raise answering.fault


def _meanwhile() -> None:
    """What is done between sending a request and waiting for its answer."""
    do_what_waits()
    hand_over()


def joined(buffers: Sequence[memoryview | bytes]) -> tuple[list[int], list[bytes]]:
    """Sizes, and the buffers as one frame, as the agent's connection takes and gives them."""
    return [memoryview(buffer).nbytes for buffer in buffers], [b"".join(buffers)] if buffers else []


def split(sizes: Json, frames: list[memoryview]) -> list[memoryview]:
    """The buffers that a reply has joined.

    Raises:
        InvalidReply: they do not fit the frame.
    """
    frame = memoryview(frames[0]) if frames else memoryview(b"")
    if not isinstance(sizes, list) or len(sizes) > MAX_ITEMS or any(type(n) is not int or n < 0 for n in sizes):
        raise InvalidReply("The answer holds buffers of impossible sizes.")
    if sum(sizes) != frame.nbytes:
        raise InvalidReply("The answer holds fewer bytes than it says.")
    ends = list(itertools.accumulate(sizes))
    return [frame[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _student_error(reply: dict[str, Json]) -> StudentCodeRaised:
    lines = reply.get("traceback")
    shown = lines[-MAX_TRACEBACK_LINES:] if isinstance(lines, list) else []
    trace = "\n".join(f"  {printable(line, 300)}" for line in shown)
    text = f"{printable(reply.get('ename'), 100)}: {printable(reply.get('evalue'), MAX_ERROR_TEXT)}"
    return StudentCodeRaised(f"{text}\n{trace}".rstrip())
