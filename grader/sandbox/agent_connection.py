"""The connection to the agent in a student's kernel: one Unix socket, requests and answers.

Beside Jupyter's channels and not on them: a message through those crosses four threads and is signed, 1.5 ms of a test
that makes eighty calls. A message is a head of three numbers (its own, the bytes of its JSON, the bytes of its data),
JSON, and data. An answer has the number of its request. So does a question, by which student code calls a function of
the test in the middle of a call, and the reply to that; the call goes on then. Nothing that arrives is trusted.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

HEAD = struct.Struct(">QQQ")
MAX_MESSAGE_BYTES = 512 * 1024 * 1024
MAX_TEXT_BYTES = 16 * 1024 * 1024  # of JSON, which takes thirty times its size once it is parsed
CHUNK_BYTES = 1024 * 1024
REPLY_S = 1.0  # to send the reply to a question: who has asked it is waiting

QuestionHandler = Callable[[dict[str, Any], memoryview], tuple[dict[str, Any], bytes]]


@dataclass(frozen=True)
class Answer:
    """What has come as an answer.

    Attributes:
        number: of the request that it claims to answer.
        content: parsed JSON; None where it was none.
        data: bytes beside it.
    """

    number: int
    content: Any
    data: memoryview


class AgentConnection:
    """One connection, with one request under way at a time: others are sent when it has been answered.

    Not thread-safe.
    """

    def __init__(self, path: str) -> None:
        """Connect.

        Raises:
            OSError: nobody listens there.
        """
        self._numbers = itertools.count(1)
        self._received = bytearray()
        self._under_way: int | None = None
        self._queued: deque[tuple[int, bytes, float]] = deque()
        self._question_handlers: dict[int, QuestionHandler] = {}
        self._answers: dict[int, Answer] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def send(
        self,
        content: dict[str, Any],
        buffers: Sequence[memoryview | bytes],
        timeout_s: float,
        on_question: QuestionHandler | None = None,
    ) -> int:
        """Send a request, now or when the one under way has been answered.

        Args:
            content: what JSON can say.
            buffers: bytes beside it.
            timeout_s: for the sending.
            on_question: answers questions that come instead of the answer; it does not raise, and sends nothing.

        Returns:
            The request's number.

        Raises:
            OSError: it could not be sent as a whole; the connection is of no use any more.
        """
        number = next(self._numbers)
        if on_question is not None:
            self._question_handlers[number] = on_question
        self._queued.append((number, _message(number, content, b"".join(buffers)), timeout_s))
        if self._under_way is None:
            self._send_next()
        return number

    def _send_next(self) -> None:
        self._under_way = None
        if self._queued:
            self._under_way, message, timeout_s = self._queued.popleft()
            self._socket.settimeout(max(timeout_s, 0.001))
            self._socket.sendall(message)

    def receive(self, number: int, timeout_s: float) -> Answer | None:
        """Wait for the answer to a request; questions that come before it are answered.

        An answer to anything but the request under way, late or forged, is passed over.

        Returns:
            The answer, or None if it is not complete within the time; what has come of it is kept for the next call.

        Raises:
            ConnectionError: the other side has closed the connection, or sends what cannot be an answer.
        """
        # One deadline for all of it: an answer that drips byte by byte must not begin a new wait with each.
        until = time.monotonic() + timeout_s
        while number not in self._answers:
            if time.monotonic() > until:  # also where messages that nobody has asked for come faster than they are read
                return None
            answer = self._next_message()
            on_question = None if answer is None else self._handler_of(answer)
            if answer is None:
                if not self._poll.poll(max(0.0, until - time.monotonic()) * 1000):
                    return None
                chunk = self._socket.recv(CHUNK_BYTES)
                if not chunk:
                    raise ConnectionError("closed")
                self._received += chunk
            elif on_question is not None:
                self._answer(answer, on_question)
            elif answer.number == self._under_way:
                self._question_handlers.pop(answer.number, None)
                self._answers[answer.number] = answer
                try:
                    self._send_next()
                except OSError:  # to be noticed by who waits for the answer to that
                    self._socket.shutdown(socket.SHUT_RDWR)
        return self._answers.pop(number)

    def _handler_of(self, message: Answer) -> QuestionHandler | None:
        """The handler of this message, if it is a question and of the request under way."""
        if message.number != self._under_way or not isinstance(message.content, dict):
            return None
        return self._question_handlers.get(message.number) if message.content.get("status") == "asks" else None

    def _answer(self, question: Answer, on_question: QuestionHandler) -> None:
        content, data = on_question(question.content, question.data)
        self._socket.settimeout(REPLY_S)
        try:
            self._socket.sendall(_message(question.number, content, data))
        except OSError:
            raise ConnectionError("does not read what it has asked for") from None

    def _next_message(self) -> Answer | None:
        """Take the first message from what was received, or None if it is not complete.

        Raises:
            ConnectionError: it is too large.
        """
        if len(self._received) < HEAD.size:
            return None
        number, text_bytes, data_bytes = HEAD.unpack_from(self._received)
        end = HEAD.size + text_bytes + data_bytes
        if end > MAX_MESSAGE_BYTES or text_bytes > MAX_TEXT_BYTES:
            raise ConnectionError("too large")
        if len(self._received) < end:
            return None
        message = bytes(memoryview(self._received)[:end])
        del self._received[:end]
        split = HEAD.size + text_bytes
        content = None
        with contextlib.suppress(ValueError, RecursionError):
            content = json.loads(message[HEAD.size : split])
        return Answer(number, content, memoryview(message)[split:])

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def _message(number: int, content: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(content).encode()
    return HEAD.pack(number, len(text), len(data)) + text + data
