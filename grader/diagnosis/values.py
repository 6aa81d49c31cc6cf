"""Whether a changed function gives the same numbers as the student's, and what both modules of comparison share."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from grader.checks.calling import ORDINARY_ERRORS, error_text
from grader.checks.comparing import OUTPUT_TOLERANCE, distance
from grader.checks.layers import Signature
from grader.errors import CheckFailed, StudentCodeRaised
from grader.examiner.remote import RemoteModule, RemoteObject
from grader.examiner.uses import Use

VARIED_CALLS = 8
MOST_EXAMPLES = 2
LARGE_EXAMPLE = 60_000  # numbers; a larger one is cut where student and author both can do with less
VALUE_TOLERANCE = 1e-6
Names = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """How a changed solution compares with the student's answer.

    Attributes:
        is_same: whether it behaves as the answer in everything that was asked.
        signatures: the layers of its module, counted; None where it is none, or raised.
    """

    is_same: bool
    signatures: Counter[Signature] | None = None


def first_line(error: BaseException) -> str:
    """What an exception says, without the traceback; of a failed check what lies behind it."""
    cause = error.__cause__ if isinstance(error, CheckFailed) else None
    if isinstance(error, CheckFailed) and cause is None:
        return error.message
    return error_text(cause or error).split("\n", 1)[0].strip()


def local_value(value: Any, names: Names) -> Any:
    """A value of the test's, with the changed solution's objects for the student's."""
    if isinstance(value, RemoteObject):
        return names[value.remote_name]
    if isinstance(value, list):
        return [local_value(item, names) for item in value]
    if isinstance(value, Tensor):
        return value.clone()
    return value


def few_examples(value: Any) -> Any:
    """At most a few examples of a batch: what differs differs in them too, and time is short."""
    return value[:MOST_EXAMPLES] if isinstance(value, Tensor) and value.dim() > 1 else value


def quarter_of_large(value: Any) -> Any:
    """The upper left quarter of large pictures; anything else as it is."""
    is_large = isinstance(value, Tensor) and value.dim() == 4 and value[0].numel() > LARGE_EXAMPLE
    return value[..., : value.shape[2] // 2, : value.shape[3] // 2].contiguous() if is_large else value


def plain_error(text: str) -> str:
    """An error's text without names of classes and files, which are the student's own."""
    kind, _colon, said = text.partition(":")
    return f"{kind.strip()}:{said.strip()[:120]}"


class ValueMatch:
    """A function of the student's that gives numbers, or lists of them.

    Args:
        uses: the test's calls of it.
        student: the function.
        deadline: `time.monotonic()` after which nothing more is called: one call may build a large network.
    """

    def __init__(self, uses: list[Use], student: Callable[..., Any], deadline: float) -> None:
        self._name = uses[0].name
        self._deadline = deadline
        calls = [use for use in uses if not _holds_remote(use.args)]
        varied = [_varied(use) for use in calls for _time in range(2)][:VARIED_CALLS]
        self.error = ""
        self._calls: list[Use] = []
        self._found: list[Any] = []
        for use in [*calls, *(use for use in varied if use is not None)]:
            if self._calls and self._is_late:
                break
            self._calls.append(use)
            self._found.append(_outcome_of(partial(student, *use.args, **use.kwargs)))

    @property
    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    @property
    def points(self) -> int:
        """Calls that can be compared and gave a result."""
        return sum(not isinstance(found, _Raised) for found in self._found)

    def compared(
        self, names: Names, changed: str = "", *, in_order: bool = True, in_any_order: bool = True
    ) -> Comparison:
        """Whether a changed solution gives the same in all calls; of numbers there is no order."""
        made = names.get(self._name)
        if not in_order or made is None or not self._calls:
            return Comparison(False)
        return Comparison(
            all(self._is_same_call(made, *one, names) for one in zip(self._calls, self._found, strict=True))
        )

    def _is_same_call(self, made: Callable[..., Any], use: Use, found: Any, names: Names) -> bool:
        if self._is_late:
            return False
        args = [local_value(value, names) for value in use.args]
        kwargs = {key: local_value(value, names) for key, value in use.kwargs.items()}
        return _is_same_value(found, _outcome_of(partial(made, *args, **kwargs)))


def _outcome_of(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except (CheckFailed, StudentCodeRaised, *ORDINARY_ERRORS) as error:
        return _Raised(plain_error(first_line(error)))


class _Raised(str):
    """The text of an exception in the place of a value."""

    __slots__ = ()


def _is_same_value(found: Any, other: Any) -> bool:
    if isinstance(found, _Raised) or isinstance(other, _Raised):
        return isinstance(found, _Raised) and isinstance(other, _Raised) and str(found) == str(other)
    if isinstance(found, list | tuple) and isinstance(other, list | tuple):
        return len(found) == len(other) and all(map(_is_same_value, found, other))
    if isinstance(found, Tensor) and isinstance(other, Tensor):
        return distance(found, other) <= OUTPUT_TOLERANCE
    if found is None or other is None or isinstance(found, RemoteObject | RemoteModule):
        return found is other
    if isinstance(found, int | float) and isinstance(other, int | float):
        # Relative, however small the numbers are: a mistake may make them tiny, and is not another that gives 0.
        return found == other or abs(found - other) <= VALUE_TOLERANCE * max(abs(found), abs(other))
    return type(found) is type(other) and bool(found == other)


def _varied(use: Use) -> Use | None:
    """The same call with other numbers, if it has numbers."""
    args = tuple(_other_number(value) for value in use.args)
    return None if args == use.args else Use(use.name, args, use.kwargs)


def _other_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | list):
        return value
    if isinstance(value, list):
        return [_other_number(item) for item in value]
    if isinstance(value, int):
        return value + random.choice((0, 1, 2, 3)) if value >= 0 else value  # noqa: S311  not for cryptography
    return value * random.uniform(0.7, 1.3)  # noqa: S311  as above


def _holds_remote(values: tuple[Any, ...]) -> bool:
    return any(isinstance(value, RemoteModule) for value in values)
