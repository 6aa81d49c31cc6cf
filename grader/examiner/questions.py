"""Functions of a hidden test that the student's code may call: they run here, and their values cross.

The student's process gets a proxy, which sends a question for each of its calls. It can do so only while a call of the
test is under way, so student code can neither read what the function is made of, nor call it later. Nothing else
happens meanwhile: a function that is asked calls no student code itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from grader.errors import InvalidAssignment
from grader.examiner.wire import Decoder, Encoder, InvalidReply, Json

MAX_QUESTIONS = 5000  # in one call; a numeric derivative asks twice
MAX_ARGUMENTS = 16
MAX_NUMBERS = 100_000  # in one tensor
# Exceptions whose text says nothing of the function but what is wrong with the arguments.
_PASSED_ON = (ArithmeticError, TypeError, ValueError)


class QuestionAnswerer:
    """Answers the questions of one call. It never raises: what arrives is hostile, and its asker waits for an answer.

    Attributes:
        fault: what the test's author has to change; to be raised when the call is over.
    """

    def __init__(self, functions: Sequence[Callable[..., Any]]) -> None:
        self.fault: InvalidAssignment | None = None
        self._functions = functions
        self._left = MAX_QUESTIONS
        self._is_busy = False

    @property
    def is_busy(self) -> bool:
        """Whether a function of the test's is running, for which nothing can be asked of the student's process."""
        return self._is_busy

    def __call__(self, question: dict[str, Json], data: memoryview) -> tuple[dict[str, Json], bytes]:
        """The answer to a question, as JSON and the bytes beside it."""
        encoder = Encoder()
        self._is_busy = True
        try:
            with torch.no_grad():
                value = _encoded(encoder, self._value(question, data))
        except InvalidAssignment as fault:
            self.fault = fault
            return {"error": ["RuntimeError", "this function cannot be asked"]}, b""
        except Exception as error:  # noqa: BLE001  the student's arguments may make the function raise anything
            text = str(error)[:200] if isinstance(error, _PASSED_ON) else "this function cannot be asked that"
            return {"error": [type(error).__name__, text]}, b""
        finally:
            self._is_busy = False
        return {"value": value, "sizes": [memoryview(b).nbytes for b in encoder.buffers]}, b"".join(encoder.buffers)

    def _value(self, question: dict[str, Json], data: memoryview) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"a call may ask {MAX_QUESTIONS} times, and no more")
        index = question.get("function")
        if type(index) is not int or not 0 <= index < len(self._functions):
            raise ValueError("there is no such function")
        return self._functions[index](*_arguments(question, data))


def _encoded(encoder: Encoder, value: Any) -> Json:
    """A value as JSON.

    Raises:
        ValueError: it cannot cross: complex, for a negative number under a root. The argument was the student's choice.
    """
    try:
        return encoder.encode(value)
    except InvalidAssignment:
        raise ValueError("the function has no real value there") from None


def _arguments(question: dict[str, Json], data: memoryview) -> tuple[Any, ...]:
    """The arguments of a question: numbers, one of them may be a tensor.

    Raises:
        ValueError: it is something else, or too much.
    """
    encoded = question.get("args")
    if not isinstance(encoded, list) or len(encoded) > MAX_ARGUMENTS:
        raise ValueError("too many arguments")
    if data.nbytes > MAX_ARGUMENTS * MAX_NUMBERS:
        raise ValueError("too large an argument")
    decoder = Decoder([data])
    try:
        arguments = tuple(decoder.decode(value) for value in encoded)
    except InvalidReply:
        raise ValueError("this function takes numbers") from None
    for value in arguments:
        if not isinstance(value, bool | int | float | torch.Tensor):
            raise ValueError("this function takes numbers")
        # By its axes too: of none of [0, 10**9] is a sum over the first one made, of 10**9 numbers.
        if isinstance(value, torch.Tensor) and max([value.numel(), *value.shape]) > MAX_NUMBERS:
            raise ValueError("too large an argument")
    return arguments
