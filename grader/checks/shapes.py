"""Shapes of outputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from grader.checks.calling import call, mode, require_module, require_tensor
from grader.errors import CheckFailed
from grader.language import _

_AXES = {2: ("batch", "features"), 4: ("batch", "channels", "height", "width")}


def has_shape(output: object, shape: Sequence[int], *, dtype: torch.dtype = torch.float32) -> None:
    """The output is a tensor of finite numbers with this shape and dtype.

    Args:
        output: what a forward pass returned.
        shape: expected shape, for example (N, C, H, W).
        dtype: expected dtype.

    Raises:
        CheckFailed: it is something else; the message names every axis that differs.
    """
    tensor = require_tensor(output)
    found, expected = tuple(tensor.shape), tuple(shape)
    if found != expected:
        raise CheckFailed(
            _("The output has shape {found}, expected {expected}.").format(found=found, expected=expected),
            remedy=_differing_axes(found, expected),
        )
    if tensor.dtype != dtype:
        raise CheckFailed(
            _("The output has dtype {found}, expected {expected}.").format(found=tensor.dtype, expected=dtype)
        )


def output_has_shape(module: object, *inputs: Tensor, shape: Sequence[int]) -> None:
    """The module turns the inputs into a tensor of this shape; an exception on the way is explained.

    Args:
        module: the student's module.
        inputs: what it is called on.
        shape: expected shape of the output.

    Raises:
        CheckFailed: another shape, no tensor at all, or an exception.
    """
    student = require_module(module)
    with mode(student, training=False), torch.no_grad():
        output = call(student, *inputs, expected_shape=lambda: shape)
    has_shape(output, shape)


def _differing_axes(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    if len(found) != len(expected):
        return _("It has {found} axes instead of {expected}.").format(found=len(found), expected=len(expected))
    if len(expected) == 4 and found[:2] == expected[:2]:
        sides = list(zip(found[2:], expected[2:], strict=True))
        if all(side // 2 == wanted for side, wanted in sides):
            return _("Height and width are twice the expected ones: a pooling or a stride of 2 is missing.")
        if all(side == wanted // 2 for side, wanted in sides):
            return _("Height and width are half the expected ones: there is a pooling or a stride of 2 too many.")
    names = _AXES.get(len(expected), tuple(f"axis {index}" for index in range(len(expected))))
    wrong = [names[index] for index in range(len(expected)) if found[index] != expected[index]]
    hints = {
        "batch": _("The batch has to stay as it is."),
        "channels": _("Check the number of output channels."),
        "height": _("Check stride and padding."),
        "features": _("Check the size of the last linear layer."),
    }
    return " ".join(hints[name] for name in wrong if name in hints)
