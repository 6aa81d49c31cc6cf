"""Number of learnable parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from torch import Tensor, nn

from grader.checks.calling import require_module, take_shapes
from grader.checks.layers import Layer, layers_of
from grader.errors import CheckFailed
from grader.language import _, after_colon, grouped


def parameter_count(
    module: object, expected: int, *inputs: Tensor, conv_biases: bool = True, tell: bool = True
) -> None:
    """The module has this many learnable numbers.

    Args:
        module: the student's module.
        expected: number of elements of all parameters together.
        inputs: what it is called on first, so that lazy layers take their shapes; may be left out.
        conv_biases: count the biases of convolutions. False where BatchNorm follows each of them: there a bias is
            extra numbers and the same function, so both answers are right.
        tell: say how many are expected. False where the same number is expected in every run.

    Raises:
        CheckFailed: another number; the message says how far off.
    """
    student = require_module(module)
    if inputs:
        take_shapes(student, *inputs)
    layers = layers_of(student)
    found = 0
    for layer in layers:
        for name, tensor in layer.parameters.items():
            if conv_biases or not (layer.kind == "conv" and name == "bias"):
                found += tensor.numel()
    if not conv_biases:
        found = _without_mixing_biases(found, expected, layers)
    if found == 0:
        raise no_parameters()
    if found != expected:
        raise _another_number(found, expected, tell=tell)


def _without_mixing_biases(found: int, expected: int, layers: Sequence[Layer]) -> int:
    """The number without biases of linear layers that stand for 1x1 convolutions, if one of them is none."""
    biases = [
        layer.parameters["bias"].numel() for layer in layers if layer.kind == "linear" and "bias" in layer.parameters
    ]
    fewer = (found - sum(biases) + bias for bias in biases)
    return next((number for number in fewer if number == expected), found)


def same_parameter_count(found: object, expected: int, *, name: str, tell: bool = True) -> None:
    """A number of parameters that the visible part of the cell counted in the student's process is this one.

    For networks of many layers: to mirror ResNet-152 costs more than to count it where it is.

    Args:
        found: what was counted.
        expected: number of elements of all parameters together.
        name: of the network, for the message.
        tell: whether the message may say the right number: where the same is asked in every class, it may not.

    Raises:
        CheckFailed: another number; the message says how far off.
    """
    if type(found) is not int:
        raise CheckFailed(_("Expected numbers, found {found}.").format(found=type(found).__name__))
    if found != expected:
        failure = _another_number(found, expected, tell=tell)
        raise CheckFailed(f"{name}: {after_colon(failure.message)}", remedy=failure.remedy)


def _another_number(found: int, expected: int, *, tell: bool = True) -> CheckFailed:
    difference = found - expected
    remedy = _("Too many layers, or too wide ones.") if difference > 0 else _("A layer is missing or too narrow.")
    if tell:
        text = _("The module has {found} parameters, expected {expected}: a difference of {difference}.")
    else:
        text = _("The module has {found} parameters, another number than expected.")
    return CheckFailed(
        text.format(found=grouped(found), expected=grouped(expected), difference=grouped(difference, signed=True)),
        remedy=remedy,
    )


def layer_count(module: object, *inputs: Tensor, **expected: int) -> None:
    """The module has this many layers of each kind: `layer_count(net, conv=8, linear=3)`.

    Args:
        module: the student's module.
        inputs: what it is called on first, so that lazy layers take their shapes; may be left out.
        expected: number of layers by kind: `conv`, `linear`, `norm`. A layer that is used twice counts once.

    Raises:
        CheckFailed: another number.
    """
    student = require_module(module)
    if inputs:
        take_shapes(student, *inputs)
    found = Counter(layer.kind for layer in layers_of(student))
    if not found:
        raise no_parameters()
    names = {"conv": _("convolutions"), "linear": _("linear layers"), "norm": _("normalisation layers")}
    for kind, number in expected.items():
        if found[kind] != number:
            raise CheckFailed(
                _("Number of {kind}: {found}, expected {expected}.").format(
                    kind=names[kind], found=found[kind], expected=number
                ),
                remedy=_("Compare with the text of the task. One layer object that is used several times counts once."),
            )


def require_parameters(module: object, *inputs: Tensor) -> nn.Module:
    """The student's module, whose lazy layers have taken their shapes from the inputs.

    Raises:
        CheckFailed: it is no module, or has no parameter.
    """
    student = require_module(module)
    take_shapes(student, *inputs)
    if not any(True for _parameter in student.parameters()):
        raise no_parameters()
    return student


def no_parameters() -> CheckFailed:
    """The failure of a module without any parameter."""
    return CheckFailed(
        _("The module has no parameters at all."),
        remedy=_(
            "PyTorch sees layers that are attributes of the module or lie in `nn.Sequential` or `nn.ModuleList`; it "
            "does not look into a plain Python list, and not at layers made inside `forward`."
        ),
    )
