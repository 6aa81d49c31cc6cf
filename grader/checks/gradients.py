"""Gradients arrive everywhere."""

from __future__ import annotations

from torch import Tensor, nn

from grader.checks.calling import call, mode, student_errors_explained, take_shapes
from grader.checks.comparing import loss_with_output_grad, random_output_grad
from grader.checks.counting import require_parameters
from grader.errors import CheckFailed
from grader.language import _


def gradients_reach_every_parameter(module: object, *inputs: Tensor) -> None:
    """After a backward pass in training mode every parameter has a gradient.

    Args:
        module: the student's module.
        inputs: what it is called on.

    Raises:
        CheckFailed: some parameters got none; the message names them.
    """
    student = require_parameters(module, *inputs)
    unreached = unreached_parameters(student, *inputs)
    if unreached:
        raise CheckFailed(
            _("No gradient reaches {names}.").format(names=", ".join(unreached)),
            remedy=_(
                "Such a parameter never learns: its layer is declared and not used in `forward`, or the path to it is "
                "cut by `.detach()`, `.data` or `torch.no_grad()`."
            ),
        )


def unreached_parameters(module: nn.Module, *inputs: Tensor) -> list[str]:
    """Names of the parameters whose gradient stays `None` or is zero everywhere.

    A bias may have a zero gradient by right: BatchNorm behind its layer cancels it.
    """
    take_shapes(module, *inputs)
    module.zero_grad(set_to_none=True)
    with mode(module, training=True):
        output = call(module, *(value.detach() for value in inputs))
        if not output.requires_grad:
            return [name for name, _parameter in module.named_parameters()]
        with student_errors_explained(inputs):
            loss_with_output_grad(output, random_output_grad(output)).backward()
    unreached = []
    for name, parameter in module.named_parameters():
        gradient = parameter.grad
        if gradient is None or (not name.endswith("bias") and not bool(gradient.any())):
            unreached.append(name)
    module.zero_grad(set_to_none=True)
    return unreached
