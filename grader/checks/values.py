"""Numbers: the value of a formula, and of a derivative that was written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from grader.checks.calling import student_errors_explained
from grader.errors import CheckFailed
from grader.examiner.examination import inputs_may_change
from grader.language import _, ngettext

_MOST_DIGITS = 40


def same_value(found: object, expected: object, *, tolerance: float = 1e-5) -> None:
    """A number, or a tensor or list of numbers, is the expected one.

    Args:
        found: what the student's code gave.
        expected: finite, of the same shape.
        tolerance: allowed distance of each number, relative to the largest expected one, or to 1 if that is smaller.

    Raises:
        CheckFailed: it is another; the message names a likely mistake, such as a sign or a factor.
    """
    right = _numbers(expected)
    value = _numbers(found)
    _require_shape(value, right)
    apart = (value.reshape(right.shape) - right).abs()
    wrong = ~(apart <= _allowed(right, tolerance))
    if not bool(wrong.any()):
        return
    worst = int(torch.where(apart.isnan(), math.inf, apart).argmax())
    numbers = {"found": shown_number(value.reshape(-1)[worst]), "expected": shown_number(right.reshape(-1)[worst])}
    if right.dim() == 0:
        raise CheckFailed(
            _("Found {found}, expected {expected}.").format(**numbers), remedy=_hint(value, right, found, expected)
        )
    place = [int(index) for index in torch.unravel_index(torch.tensor(worst), right.shape)]
    count = int(wrong.sum())
    raise CheckFailed(
        ngettext(
            "{wrong} of {total} numbers differs; at {place}: found {found}, expected {expected}.",
            "{wrong} of {total} numbers differ; at {place}: found {found}, expected {expected}.",
            count,
        ).format(wrong=count, total=right.numel(), place=place, **numbers),
        remedy=_hint(value, right, found, expected),
    )


def shown_number(value: Tensor | float) -> str:
    """A number that reads the same in both languages: `1024`, `61 640 456`, `0.25`."""
    value = float(value)
    if not value.is_integer():
        return f"{value:.6g}"
    return f"{value:.0f}" if abs(value) < 10_000 else f"{value:,.0f}".replace(",", " ")[:_MOST_DIGITS]


def value_failure(found: object, expected: object, *, tolerance: float = 1e-5) -> CheckFailed | None:
    """What `same_value` would raise; None where it would not."""
    try:
        same_value(found, expected, tolerance=tolerance)
    except CheckFailed as failure:
        return failure
    return None


def derivative_matches(
    student: Callable[..., object],
    function: Callable[..., Tensor],
    points: Sequence[Any],
    *,
    by: int = 0,
    tolerance: float = 1e-4,
) -> None:
    """A derivative that the student wrote by hand equals the one that autograd finds.

    Whether they have asked autograd themselves does not show; see `derived_by_hand`.

    Args:
        student: arguments -> derivative of the function, a number or a tensor of the argument's shape.
        function: arguments, as tensors of float64 -> a tensor; a tensor's sum is differentiated.
        points: what both are called on: numbers, tensors, or tuples of them where the function has several arguments.
        by: number of the argument by which the function is differentiated.
        tolerance: as in `same_value`.

    Raises:
        CheckFailed: at some point it is another; the message says where, and at how many points it is right.
    """
    right = 0
    failure: CheckFailed | None = None
    for point in points:
        arguments = point if isinstance(point, tuple) else (point,)
        expected = _derivative(function, arguments, by)
        given = [value.clone() if isinstance(value, Tensor) else value for value in arguments]
        with student_errors_explained([_numbers(argument) for argument in arguments]), inputs_may_change():
            found = student(*given)
        error = value_failure(found, expected, tolerance=tolerance)
        if error is None:
            right += 1
        elif failure is None:
            failure = _at(point, error, _of_a_summand(found, expected))
    if failure is not None:
        counted = _("It is right at {right} of {total} points.").format(right=right, total=len(points))
        raise CheckFailed(f"{failure.message} {counted}", remedy=failure.remedy)


def _at(point: object, error: CheckFailed, hint: str) -> CheckFailed:
    shown = str(point) if isinstance(point, int | float) else _("one of the points")
    return CheckFailed(
        _("The derivative at {point} is another: {what}").format(point=shown, what=error.message),
        remedy=f"{error.remedy} {hint}".strip(),
    )


def _of_a_summand(found: object, expected: Tensor) -> str:
    """What a derivative lacks where it differs by one everywhere."""
    if any(value_failure(found, expected + one) is None for one in (1.0, -1.0)):
        return _("The derivative of x itself is 1, and it belongs where x is added.")
    return ""


def _derivative(function: Callable[..., Tensor], arguments: tuple[Any, ...], by: int) -> Tensor:
    leaves = [_numbers(argument).clone().requires_grad_() for argument in arguments]
    (gradient,) = torch.autograd.grad(function(*leaves).sum(), leaves[by])
    return gradient


def _numbers(value: object) -> Tensor:
    """The numbers in float64.

    Raises:
        CheckFailed: there are none.
    """
    if value is None:
        raise CheckFailed(_("The function returned None."), remedy=_("Is there a `return` at its end?"))
    try:
        made = value if isinstance(value, Tensor) else torch.as_tensor(value, dtype=torch.float64)
        return made.detach().cpu().to(torch.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise CheckFailed(_("Expected numbers, found {found}.").format(found=type(value).__name__)) from error


def _require_shape(value: Tensor, right: Tensor) -> None:
    if value.shape != right.shape and not value.numel() == right.numel() == 1:
        raise CheckFailed(
            _("The result has shape {found}, expected {expected}.").format(
                found=tuple(value.shape), expected=tuple(right.shape)
            )
        )


def _allowed(right: Tensor, tolerance: float) -> float:
    return tolerance * max(1.0, float(right.abs().max()) if right.numel() else 1.0)


def _hint(value: Tensor, right: Tensor, found: object, expected: object) -> str:
    """What the numbers would be right but for, or an empty string."""
    value = value.reshape(right.shape)
    if not bool(torch.isfinite(value).all()):
        return _("There are NaN or infinite numbers among them: look for a division by zero or a logarithm of it.")

    def is_close(other: Tensor, tolerance: float = 1e-5) -> bool:
        return bool(((value - other).abs() <= _allowed(other, tolerance)).all())

    if is_close(-right):
        return _("The sign is the opposite one.")
    for factor in (2.0, 0.5, 3.0, 1 / 3, 4.0, 0.25):
        if is_close(factor * right):
            return _("It is {factor:.3g} times the expected value: look for a factor.").format(factor=factor)
    for difference in (1.0, -1.0):
        if is_close(right + difference):
            return _("It differs by {difference:+g} exactly: look for a 1 that is missing or superfluous.").format(
                difference=difference
            )
    is_whole = bool((value == value.round()).all())
    if not is_whole and _are_whole(expected) and is_close(right, 0.2):
        return _("Whole numbers are expected, and there are fractions: does `/` stand where `//` belongs?")
    is_near = not is_whole and is_close(right, 0.05)
    return _of_precision(found.dtype if isinstance(found, Tensor) else None) if is_near else ""


def _are_whole(expected: object) -> bool:
    return all(map(_are_whole, expected)) if isinstance(expected, list | tuple) else isinstance(expected, int)


def _of_precision(dtype: torch.dtype | None) -> str:
    if dtype in (torch.float16, torch.bfloat16):
        return _("It is close, but was computed in {dtype}, which keeps two or three digits: use float32.").format(
            dtype=str(dtype).removeprefix("torch.")
        )
    return _("It is close, but not equal: rounding to float32, or a numeric difference with an unlucky step.")
