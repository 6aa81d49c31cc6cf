"""Number of learnable parameters."""

from __future__ import annotations

from torch import Tensor

from grader.checks.calling import require_module, take_shapes
from grader.checks.layers import layers_of
from grader.errors import CheckFailed
from grader.language import _


def parameter_count(module: object, expected: int, *inputs: Tensor, conv_biases: bool = True) -> None:
    """The module has this many learnable numbers.

    Args:
        module: the student's module.
        expected: number of elements of all parameters together.
        inputs: what it is called on first, so that lazy layers take their shapes; may be left out.
        conv_biases: count the biases of convolutions. False where BatchNorm follows each of them: there a bias is
            extra numbers and the same function, so both answers are right.

    Raises:
        CheckFailed: another number; the message says how far off.
    """
    student = require_module(module)
    if inputs:
        take_shapes(student, *inputs)
    found = 0
    for layer in layers_of(student):
        for name, tensor in layer.parameters.items():
            if conv_biases or not (layer.kind == "conv" and name == "bias"):
                found += tensor.numel()
    if found == 0:
        raise no_parameters()
    if found != expected:
        difference = found - expected
        raise CheckFailed(
            _("The module has {found:,} parameters, expected {expected:,}: a difference of {difference:+,}.").format(
                found=found, expected=expected, difference=difference
            ),
            remedy=_("Too many layers, or too wide ones.")
            if difference > 0
            else _("A layer is missing or too narrow."),
        )


def no_parameters() -> CheckFailed:
    """The failure of a module without any parameter."""
    return CheckFailed(
        _("The module has no parameters at all."),
        remedy=_(
            "PyTorch sees layers that are attributes of the module or lie in `nn.Sequential` or `nn.ModuleList`; it "
            "does not look into a plain Python list, and not at layers made inside `forward`."
        ),
    )
