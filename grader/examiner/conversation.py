"""Requests to the agent in a student's kernel, and its answers as far as their form goes."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from grader.errors import InvalidAssignment, StudentCodeRaised
from grader.examiner.error_meanings import named_rightly
from grader.examiner.meanwhile import run_pending_work
from grader.examiner.questions import QuestionAnswerer
from grader.examiner.side_by_side import run_other_lane
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
        on_question: QuestionAnswerer | None,
    ) -> tuple[dict[str, Json], list[memoryview]]:
        """Ask the agent, do something meanwhile, answer what it asks in turn, and wait for its answer."""


class RemoteHandle:
    """Handle of an object that the sandbox keeps for us.

    When the handle is collected, the next request releases the object.
    """

    def __init__(self, number: int, released: list[int]) -> None:
        self.number = number
        weakref.finalize(self, released.append, number).atexit = False


class Conversation:
    """One conversation with the agent in a student's kernel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._released: list[int] = []
        self._answerers: list[QuestionAnswerer] = []

    def keep(self, number: int) -> RemoteHandle:
        """Make the handle of an object that the sandbox keeps under this number."""
        return RemoteHandle(number, self._released)

    def ask(
        self,
        content: dict[str, Json],
        buffers: Sequence[memoryview | bytes] = (),
        functions: Sequence[Callable[..., Any]] = (),
    ) -> tuple[dict[str, Json], list[memoryview]]:
        """Ask the agent, and wait for its answer.

        Args:
            content: what is asked.
            buffers: bytes beside it.
            functions: of the test's, which the student's code may call until its answer is there.

        Returns:
            The answer's JSON, a dict without an error in it, and its buffers.

        Raises:
            InvalidAssignment: one of these functions asks the student's process itself.
            StudentCodeRaised: the student's code raised; the message carries its traceback.
            InvalidReply: the answer is no answer.
            LimitExceeded, KernelGone: from the channel.
        """
        if any(answerer.is_busy for answerer in self._answerers):
            raise InvalidAssignment("A function that a hidden test gives to student code calls student code itself.")
        released = self._released[:]
        del self._released[: len(released)]  # the garbage collector may have added to it meanwhile
        sizes, frames = joined(buffers)
        whole = {**content, "release": released, "sizes": sizes}
        answerer = QuestionAnswerer(functions) if functions else None
        with self._answering_questions(answerer):
            reply, raw = self._channel.request(whole, frames, _meanwhile, answerer)
        if isinstance(reply, dict) and reply.get("status") == "error":
            raise _student_error(reply)
        if not isinstance(reply, dict) or reply.get("status") != "ok" or not isinstance(raw, list):
            raise InvalidReply("The student's process gave no answer.")
        return reply, split(reply.get("sizes"), raw)

    @contextmanager
    def _answering_questions(self, answerer: QuestionAnswerer | None) -> Iterator[None]:
        if answerer is None:
            yield
            return
        self._answerers.append(answerer)
        try:
            yield
        finally:
            self._answerers.remove(answerer)
        if answerer.fault is not None:
            raise answerer.fault


def _meanwhile() -> None:
    """What is done between sending a request and waiting for its answer."""
    run_pending_work()
    run_other_lane()


def joined(buffers: Sequence[memoryview | bytes]) -> tuple[list[int], list[bytes]]:
    """Join buffers into one frame, as the agent's connection takes them.

    Returns:
        The buffers' sizes, and the frame, if there is one.
    """
    return [memoryview(buffer).nbytes for buffer in buffers], [b"".join(buffers)] if buffers else []


def split(sizes: Json, frames: list[memoryview]) -> list[memoryview]:
    """Take apart the buffers that a reply has joined into one frame.

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
    return StudentCodeRaised(f"{named_rightly(text)}\n{trace}".rstrip())
