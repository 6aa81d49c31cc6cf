"""What an exception of PyTorch means to somebody who meets it for the first time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.language import _

_SIZES = re.compile(
    r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension (\d)"
)


def explain(error_text: str, input_shape: Sequence[int], expected_shape: Sequence[int] | None) -> str:
    """A sentence about the likely cause of an exception, or an empty string.

    Args:
        error_text: the exception's text, possibly a whole traceback.
        input_shape: shape of the input on which it was raised.
        expected_shape: shape that the output should have had, where known.
    """
    sizes = _SIZES.search(error_text)
    if sizes and expected_shape is not None:
        first, second, axis = (int(number) for number in sizes.groups())
        if axis < len(expected_shape) and axis < len(input_shape):
            return _explain_addition(first, second, axis, input_shape, expected_shape)
    if "unsupported operand type" in error_text and "'Tensor'" in error_text:
        return _("A tensor was added to a layer. A layer has to be called: `self.shortcut(x)`, not `self.shortcut`.")
    if "modified by an inplace operation" in error_text:
        return _(
            "An in-place operation (`inplace=True`, `+=`, a name that ends in `_`) destroyed a tensor that the "
            "backward pass still needs. Use its ordinary form."
        )
    return ""


def _explain_addition(first: int, second: int, axis: int, given: Sequence[int], expected: Sequence[int]) -> str:
    if axis == 1:
        return _(
            "The two summands have {first} and {second} channels, and {expected} are expected. Where the number of "
            "channels changes, the shortcut needs a 1x1 convolution that changes it too."
        ).format(first=first, second=second, expected=expected[1])
    wanted = expected[axis]
    wrong = first if second == wanted else second
    numbers = {"first": first, "second": second, "expected": wanted, "stride": round(given[axis] / max(wanted, 1))}
    if wrong == given[axis] != wanted:
        return _(
            "The two summands are {first} and {second} pixels wide, and {expected} are expected: one of them ignores "
            "the stride. With stride={stride} both the branch (its first convolution) and the shortcut have to make "
            "the picture smaller, even if the number of channels stays."
        ).format(**numbers)
    if wrong == -(-wanted // numbers["stride"]) != wanted:
        return _(
            "The two summands are {first} and {second} pixels wide, and {expected} are expected: the branch applies "
            "the stride twice. Only its first convolution has the stride, the second has stride=1."
        ).format(**numbers)
    if wrong < wanted:
        return _(
            "The two summands are {first} and {second} pixels wide, and {expected} are expected. A 3x3 convolution "
            "without `padding=1` loses a pixel at every edge."
        ).format(**numbers)
    return _(
        "The two summands are {first} and {second} pixels wide, and {expected} are expected. Check stride and padding."
    ).format(**numbers)
