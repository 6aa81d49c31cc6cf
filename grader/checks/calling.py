"""Call a student's module, and turn whatever comes back into a tensor or into a message."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from grader.errors import CheckFailed, StudentCodeRaised
from grader.examiner.error_meanings import explain
from grader.examiner.examination import inputs_may_change
from grader.language import _

# What student code raises when it is wrong. Limits, a lost kernel and a failed check are not in the list: they pass.
ORDINARY_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
    StudentCodeRaised,
)


def require_module(student: object) -> nn.Module:
    """The student's object as a module.

    Raises:
        CheckFailed: it is something else.
    """
    if isinstance(student, nn.Module):
        return student
    raise CheckFailed(
        _("Expected an `nn.Module`, found {found}.").format(found=type_name(student)),
        remedy=_("Does the class inherit from `nn.Module`, and does the function return what it built?"),
    )


def type_name(value: object) -> str:
    """What the student's process calls the type, where a stand-in is all that is here."""
    told = getattr(value, "__dict__", {}).get("remote_type")
    return told if isinstance(told, str) else type(value).__name__


def require_tensor(output: object) -> Tensor:
    """What a forward pass returned, as a tensor of finite numbers.

    Raises:
        CheckFailed: `None`, a tuple, another type, or NaN or infinity inside.
    """
    if output is None:
        raise CheckFailed(_("`forward` returned None."), remedy=_("Is there a `return` at its end?"))
    if isinstance(output, tuple | list):
        raise CheckFailed(
            _("`forward` returned a {found} of {length}, and one tensor is expected.").format(
                found=type(output).__name__, length=len(output)
            ),
            remedy=_("Look for an extra value or a stray comma after `return`."),
        )
    if not isinstance(output, Tensor):
        raise CheckFailed(_("`forward` returned {found}, not a tensor.").format(found=type(output).__name__))
    # The sum is finite where all numbers are, but for huge ones: the long way takes four times this.
    if not cmath.isfinite(output.detach().sum().item()) and not bool(torch.isfinite(output).all()):
        raise CheckFailed(
            _("There are NaN or infinite numbers in the output."),
            remedy=_("Look for a division by zero, a logarithm, or a tensor that was never filled."),
        )
    return output


def error_text(error: BaseException) -> str:
    """An exception of student code in words: one from the sandbox names its own kind."""
    return str(error) if isinstance(error, StudentCodeRaised) else f"{type(error).__name__}: {error}"


@contextmanager
def student_errors_explained(
    inputs: Sequence[Tensor], expected_shape: Callable[[], Sequence[int]] | None = None
) -> Iterator[None]:
    """Exceptions of student code inside the block become `CheckFailed`, with the likely cause.

    Args:
        inputs: what the code was called on.
        expected_shape: gives the shape that its output should have had.

    Raises:
        CheckFailed: student code raised.
    """
    try:
        yield
    except ORDINARY_ERRORS as error:
        text = error_text(error)
        shape = tuple(inputs[0].shape) if inputs else ()
        raise CheckFailed(
            _("Your code raised an error on an input of shape {shape}: {error}").format(shape=shape, error=text),
            remedy=explain(text, shape, expected_shape() if expected_shape else None),
        ) from error


def call(
    module: Callable[..., object], *inputs: Tensor, expected_shape: Callable[[], Sequence[int]] | None = None
) -> Tensor:
    """The module's output on copies of the inputs, so that an in-place operation harms nobody else.

    Args:
        module: the student's module.
        inputs: tensors of any shape; gradients flow back to them.
        expected_shape: gives the output's shape, to make the explanation of an exception more precise.

    Raises:
        CheckFailed: the student's code raised, or returned something that is not a tensor of finite numbers.
    """
    return call_on([value.clone() for value in inputs], module, expected_shape)


def call_on(
    given: Sequence[Tensor],
    module: Callable[..., object],
    expected_shape: Callable[[], Sequence[int]] | None = None,
) -> Tensor:
    """The module's output on these very tensors, which it may change; the rest as in `call`."""
    with student_errors_explained(given, expected_shape), inputs_may_change():
        output = module(*given)
    return require_tensor(output)


def waits_for_shapes(module: nn.Module) -> bool:
    """Whether some of its parameters get their shape from the first input (lazy layers)."""
    remote: bool | None = module.__dict__.get("remote_is_lazy")  # a stand-in mirrors no parameter without a shape
    return any(is_lazy(tensor) for tensor in module.parameters()) if remote is None else remote


def take_shapes(module: nn.Module, *inputs: Tensor) -> None:
    """Call a lazy module once, so that it makes its parameters; an error here is for another check to report."""
    if waits_for_shapes(module):
        with suppress(CheckFailed), mode(module, training=False), torch.no_grad():
            call(module, *inputs)


def require_own_mode(module: nn.Module) -> None:
    """A module that was called in evaluation mode is still in it.

    Raises:
        CheckFailed: its code has switched it to training mode.
    """
    if any(part.training for part in module.modules()):
        raise CheckFailed(
            _("The module switches itself to `train()` mode when it is called."),
            remedy=_("Take `self.train()` out of `forward`: whoever uses the network chooses the mode."),
        )


@contextmanager
def mode(module: nn.Module, *, training: bool) -> Iterator[None]:
    """The module is in training or evaluation mode inside the block, and in its own mode afterwards."""
    before = module.training
    module.train(training)
    try:
        yield
    finally:
        module.train(before)
