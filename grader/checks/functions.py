"""Functions of plain numbers: what a student's formula gives on many arguments, and which known mistake it repeats."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from torch import Tensor, nn

from grader.checks.calling import ORDINARY_ERRORS, error_text
from grader.checks.known_mistakes import WrongFormula
from grader.checks.values import value_failure
from grader.errors import CheckFailed
from grader.examiner.error_meanings import explain
from grader.language import _, after_colon

MAX_SHOWN = 6
MAX_TEXT = 40
_EXACT = 1e-12


class FunctionModule(nn.Module):
    """A function of tensors as a module, for the checks that compare modules."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self._function = function

    def forward(self, *inputs: Tensor) -> Any:
        """What the function gives."""
        return self._function(*inputs)


def same_results(
    student: Callable[..., object],
    reference: Callable[..., Any],
    calls: Sequence[tuple[Any, ...]],
    *,
    names: Sequence[str] = (),
    parts: Sequence[str] = (),
    mistakes: Sequence[WrongFormula] = (),
    tolerance: float = 1e-5,
    tell: bool = True,
) -> None:
    """The student's function gives the reference's numbers for all arguments.

    Args:
        student: the student's function.
        reference: a function that is right; it may return a number, or a list or tuple of them.
        calls: the arguments of every call, at least three: fewer points lie on many curves. They are drawn afresh in
            every run, or `tell` is False.
        names: of the arguments, for the messages; a factor that is missing is named by them.
        parts: names of the results where there are several of them: the first wrong one is explained.
        mistakes: known wrong formulas. The author of a function that equals one in every call reads its message.
        tolerance: as in `same_value`; of whole numbers nothing is tolerated.
        tell: say what was expected. What is asked in every run would be answered by heart the next time.

    Raises:
        CheckFailed: for some arguments it gives another number, or raises.
    """
    shown_names = names or _names_of(reference)
    found = [pieces_of(called(student, call, shown_names), parts) for call in calls]
    expected = [pieces_of(reference(*call), parts) for call in calls]
    if any(isinstance(piece, dict) for pieces in found for piece in pieces):
        raise CheckFailed(
            _("The function returned a dict, and a list is expected."),
            remedy=_("In a dict each key stands once: a later pair with the same key replaces the earlier one."),
        )
    for index in range(max(1, len(parts))):
        column = _Column(
            [pieces[index] for pieces in found],
            [pieces[index] for pieces in expected],
            calls,
            names,
            tolerance,
            shown_names,
        )
        failure = column.failure()
        if failure is None:
            continue
        message = failure.message if tell else column.untold()
        if parts:
            message = f"{parts[index]}: {after_colon(message)}"
        in_another_order = _is_permuted(found, expected, tolerance)
        if in_another_order:
            remedy = _("The numbers are right, their order is not: expected is {parts}.").format(parts=", ".join(parts))
        else:
            given = ([pieces_of(other.function(*call), parts)[index] for call in calls] for other in mistakes)
            similar = (other.message for other, values in zip(mistakes, given, strict=True) if column.equals(values))
            remedy = next(similar, "") or column.factor_hint() or (failure.remedy if tell else "")
        raise CheckFailed(message, remedy=remedy)


def _names_of(reference: Callable[..., Any]) -> Sequence[str]:
    """The reference's arguments, where it is a function with a name: those of the task are called the same."""
    if not inspect.isfunction(reference) or reference.__name__ == "<lambda>":
        return ()
    arguments = inspect.signature(reference).parameters.values()
    return [argument.name for argument in arguments if argument.kind is argument.POSITIONAL_OR_KEYWORD]


def called(student: Callable[..., object], call: tuple[Any, ...], names: Sequence[str]) -> object:
    """What the student's function gives.

    Raises:
        CheckFailed: it raised.
    """
    given = [value.clone() if isinstance(value, Tensor) else copy.copy(value) for value in call]
    try:
        return student(*given)
    except ORDINARY_ERRORS as error:
        text = error_text(error)
        if "ZeroDivisionError" in text:
            remedy = _("Something is divided by a number that may be zero. A product of the other factors needs none.")
        else:
            remedy = explain(text)
        raise CheckFailed(
            _("For {arguments} your code raised an error: {error}").format(
                arguments=shown_call(call, names), error=text
            ),
            remedy=remedy,
        ) from error


def pieces_of(result: object, parts: Sequence[str]) -> list[Any]:
    """The results one by one.

    Raises:
        CheckFailed: there are more or fewer of them than have names.
    """
    if not parts:
        return [_plain(result)]
    if result is None:
        raise CheckFailed(_("The function returned None."), remedy=_("Is there a `return` at its end?"))
    try:
        pieces = [_plain(piece) for piece in result]  # type: ignore[attr-defined]
    except TypeError:
        pieces = [result]
    if len(pieces) != len(parts):
        raise CheckFailed(
            _("Number of returned values: {found}, expected {expected}: {parts}.").format(
                found=len(pieces), expected=len(parts), parts=", ".join(parts)
            )
        )
    return pieces


def _plain(value: object) -> object:
    """A tensor of one number as that number, in lists too; other tensors without gradients."""
    if isinstance(value, Tensor):
        return value.item() if value.numel() == 1 else value.detach()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True)
class _Column:
    """One of the results over all calls: found and expected."""

    found: list[Any]
    expected: list[Any]
    calls: Sequence[tuple[Any, ...]]
    names: Sequence[str]
    tolerance: float
    shown_names: Sequence[str]

    def failure(self) -> CheckFailed | None:
        """What is wrong at the first wrong point, and how many points are right."""
        rows = zip(self.calls, self.found, self.expected, strict=True)
        wrong = [
            (call, failure)
            for call, found, expected in rows
            if (failure := value_failure(found, expected, tolerance=_allowed(expected, self.tolerance))) is not None
        ]
        if not wrong:
            return None
        call, first = wrong[0]
        message = _("for {arguments}: {message} It is right for {right} of {total}.").format(
            arguments=shown_call(call, self.shown_names),
            message=after_colon(first.message),
            right=len(self.calls) - len(wrong),
            total=len(self.calls),
        )
        # A guess from one number is no advice if another number says otherwise.
        is_agreed = all(failure.remedy == first.remedy for _call, failure in wrong)
        return CheckFailed(message[0].upper() + message[1:], remedy=first.remedy if is_agreed else "")

    def untold(self) -> str:
        """What was found at the first wrong point, and nothing of what was expected."""
        rows = zip(self.calls, self.found, self.expected, strict=True)
        call, found = next(
            (call, found)
            for call, found, expected in rows
            if value_failure(found, expected, tolerance=_allowed(expected, self.tolerance)) is not None
        )
        return _("For {arguments} the result is another than {found}.").format(
            arguments=shown_call(call, self.shown_names), found=_shown_value(found)
        )

    def equals(self, other: Sequence[Any]) -> bool:
        """Whether the student's results are these."""
        return self._agrees(self.found, other)

    def factor_hint(self) -> str:
        """Names a factor that is missing or superfluous, or is empty."""
        if len(self.calls) < 3 or not all(isinstance(value, int | float) for value in self.found + self.expected):
            return ""
        for index, name in enumerate(self.names):
            factors = [call[index] if index < len(call) else None for call in self.calls]
            if not all(isinstance(factor, int | float) for factor in factors):
                continue
            if self._agrees([f * a for f, a in zip(self.found, factors, strict=True)], self.expected):
                return _("The factor {name} is missing.").format(name=name)
            if self._agrees(self.found, [e * a for e, a in zip(self.expected, factors, strict=True)]):
                return _("The factor {name} is superfluous.").format(name=name)
        return ""

    def _agrees(self, left: Sequence[Any], right: Sequence[Any]) -> bool:
        return all(
            value_failure(one, other, tolerance=_allowed(other, self.tolerance)) is None
            for one, other in zip(left, right, strict=True)
        )


def _allowed(expected: object, tolerance: float) -> float:
    """Nothing but rounding for whole numbers: 1e-12 tells a difference of 1 below 10^11."""
    return _EXACT if _is_whole(expected) else tolerance


def _is_whole(value: object) -> bool:
    return all(map(_is_whole, value)) if isinstance(value, list | tuple) else isinstance(value, int)


def _is_permuted(found: list[list[Any]], expected: list[list[Any]], tolerance: float) -> bool:
    """Whether every call gave the right numbers in one and the same other order."""
    width = len(expected[0])
    if not 1 < width <= 4:
        return False
    return any(
        all(
            value_failure(row[place], right[index], tolerance=tolerance) is None
            for row, right in zip(found, expected, strict=True)
            for index, place in enumerate(order)
        )
        for order in permutations(range(width))
    )


def shown_call(call: tuple[Any, ...], names: Sequence[str]) -> str:
    """The arguments as a student would write them."""
    shown = []
    for index, value in enumerate(call):
        text = _shown_value(value)
        shown.append(f"{names[index]} = {text}" if index < len(names) else text)
    return ", ".join(shown) or _("a call without arguments")


def _shown_value(value: object) -> str:
    if isinstance(value, Tensor):
        return f"Tensor{tuple(value.shape)}"
    if isinstance(value, list | tuple):
        inside = [_shown_value(item) for item in value[:MAX_SHOWN]] + ["..."] * (len(value) > MAX_SHOWN)
        return f"[{', '.join(inside)}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:MAX_TEXT]
