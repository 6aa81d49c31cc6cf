"""What an exception of PyTorch means to somebody who meets it for the first time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.language import _

_SIZES = re.compile(
    r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension (\d)"
)


def explain(error_text: str, input_shape: Sequence[int] = (), expected_shape: Sequence[int] | None = None) -> str:
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
    for pattern, sentence in _causes():
        found = pattern.search(error_text)
        if found:
            return sentence.format(**found.groupdict())
    return ""


_PATTERNS = {
    "not called": r"unsupported operand type.*'Tensor'",
    "in place": r"modified by an inplace operation",
    "linear": r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<found>\d+) and (?P<expected>\d+)x\d+\)",
    "channels": r"to have (?P<expected>\d+) channels, but got (?P<found>\d+) channels instead",
    "norm": r"running_mean should contain (?P<found>\d+) elements not (?P<expected>\d+)",
    "cat": (
        r"Sizes of tensors must match except in dimension (?P<axis>\d+)\. "
        r"Expected size (?P<expected>\d+) but got size (?P<found>\d+)"
    ),
    "too small": r"Kernel size can't be greater than actual input size|[Oo]utput size is too small",
    "view": r"shape '(?P<shape>\[[^'{}]*\])' is invalid for input of size (?P<size>\d+)",
    "one value": r"Expected more than 1 value per channel when training",
    "None": r"'NoneType' object|must be Tensor, not NoneType",
    "no super": r"before Module\.__init__\(\) call",
    "no gradient": r"does not require grad and does not have a grad_fn",
    "twice": r"Trying to backward through the graph a second time",
    "no forward": r'missing the required "forward" function',
}
_COMPILED = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}


def _causes() -> Iterator[tuple[re.Pattern[str], str]]:
    """Patterns of PyTorch's messages, and what they mean, in the reader's language."""
    sentences = {
        "not called": _(
            "A tensor was added to a layer. A layer has to be called: `self.shortcut(x)`, not `self.shortcut`."
        ),
        "in place": _(
            "An in-place operation (`inplace=True`, `+=`, a name that ends in `_`) destroyed a tensor that the "
            "backward pass still needs. Use its ordinary form."
        ),
        "linear": _(
            "A linear layer expects {expected} numbers per example and gets {found}. Print the shape before it: is "
            "`flatten(1)` there, and have all convolutions and poolings the stride and padding of the task?"
        ),
        "channels": _(
            "A convolution was built for {expected} channels and gets {found}. Follow the number of channels from "
            "layer to layer: each has to begin with what the one before it gives."
        ),
        "norm": _(
            "A BatchNorm was built for {expected} channels and gets {found}: it needs as many as the tensor before it "
            "has. After a convolution these are its output channels, after `torch.cat` the sum."
        ),
        "cat": _(
            "`torch.cat` along axis {axis} needs equal sizes on all other axes, and {expected} and {found} were given. "
            "Channels are axis 1; height and width stay equal with `padding=1` for a 3x3 convolution."
        ),
        "too small": _(
            "The picture has become smaller than the kernel: there are too many strides or poolings before this layer, "
            "or `padding` is missing."
        ),
        "view": _(
            "`view` or `reshape` to {shape} does not fit {size} numbers. `flatten(1)` keeps the batch and needs no "
            "number; a fixed one fits one picture size only."
        ),
        "one value": _(
            "BatchNorm in `train()` mode needs more than one number per channel: the picture has shrunk to 1x1, or the "
            "batch has one example."
        ),
        "None": _("Something is None here: a method without `return`, or a layer that was never made."),
        "no super": _("`super().__init__()` has to be the first line of `__init__`."),
        "no gradient": _(
            "The result does not depend on any parameter: look for `.detach()`, `.data` or `torch.no_grad()`."
        ),
        "twice": _("`backward()` was called twice on one graph: run the forward pass again before the second call."),
        "no forward": _("The class has no method `forward`: look at its name and at its indentation."),
    }
    return ((_COMPILED[name], sentence) for name, sentence in sentences.items())


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
