"""Derivatives that a student has written as formulas, and not left to autograd.

Numbers do not show how they were computed, as long as rounding is allowed: whoever makes tensors of them, in whatever
mode, and asks autograd gets what a formula gives. So the functions are also called with whole numbers whose results
have more than the 53 bits of a float. A formula of sums and products is exact there, in Python's numbers as in NumPy's
and torch's integers; autograd computes with floats only, and what it gives is another number.

Nothing that the student's process says about itself takes part. What is not stopped: to compute exactly what autograd
rounds, such as piecewise, by remainders, or as a difference of exact values. That takes more than the formula does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from grader.checks.calling import ORDINARY_ERRORS, error_text
from grader.checks.functions import called, pieces_of, same_results, shown_call
from grader.checks.known_mistakes import WrongFormula
from grader.errors import CheckFailed
from grader.language import _


def derived_by_hand(
    student: Callable[..., object],
    reference: Callable[..., Any],
    calls: Sequence[tuple[Any, ...]],
    whole: Sequence[tuple[Any, ...]],
    *,
    names: Sequence[str] = (),
    parts: Sequence[str] = (),
    mistakes: Sequence[WrongFormula] = (),
) -> None:
    """The student's derivatives are right, and were not computed by autograd.

    Args:
        student: the student's function, a formula of sums and products.
        reference: a function that is right.
        calls: as in `same_results`.
        whole: arguments of more calls, whole numbers whose results fit no float, see `chain.whole_number`.
        names: as in `same_results`, as are the rest.
        parts: names of the results.
        mistakes: known wrong formulas.

    Raises:
        CheckFailed: for some arguments it gives another number, or one that is rounded, or raises.
    """

    def without_gradients(*arguments: Any) -> object:
        try:
            with torch.no_grad():
                return student(*arguments)
        except ORDINARY_ERRORS as error:
            if "does not require grad" in error_text(error):
                raise CheckFailed(
                    _("The function leaves the derivative to autograd."), remedy=_no_autograd()
                ) from error
            raise

    same_results(without_gradients, reference, calls, names=names, parts=parts, mistakes=mistakes)
    for call in whole:
        found = pieces_of(called(without_gradients, call, names), parts)
        for part, value, expected in zip(parts or ("",), found, pieces_of(reference(*call), parts), strict=True):
            if not _is_exactly(value, expected):
                raise _rounded(part, shown_call(call, names), value, expected)


def _is_exactly(value: object, expected: int) -> bool:
    """Equal as numbers: Python compares a float with an integer without rounding either, NumPy does not."""
    plain = value.item() if isinstance(value, np.generic) else value
    return isinstance(plain, int | float) and plain == expected


def _rounded(part: str, arguments: str, value: object, expected: int) -> CheckFailed:
    text = _("for {arguments}: found {found}, expected {expected} exactly.").format(
        arguments=arguments, found=str(value)[:60], expected=expected
    )
    return CheckFailed(
        f"{part}: {text}" if part else text[0].upper() + text[1:],
        remedy=_(
            "Sums and products of whole numbers are whole and exact. Rounding comes from `float`, from a number like "
            "1.0, and from autograd."
        )
        + " "
        + _no_autograd(),
    )


def _no_autograd() -> str:
    return _("Write the formula yourself, without `backward()` and `torch.autograd`.")
