"""What to say of a module that is another function than the reference, and equals no known mistake."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode, require_own_mode, type_name
from grader.checks.comparing import distance
from grader.checks.counting import no_parameters
from grader.checks.gradients import unreached_parameters
from grader.checks.layers import LayerDifference, layer_named, layers_of
from grader.checks.pairing import copy_in_order, evaluated, lacking_tensors, pairs_in_order
from grader.errors import CheckFailed
from grader.language import _, percent


def other_layers(student: nn.Module, difference: LayerDifference) -> CheckFailed:
    """The failure of a module that has other layers than the reference."""
    if not layers_of(student):
        return no_parameters()
    normalised = {layer.signature for layer in layers_of(student) if "running_mean" in layer.buffers}
    normalised |= set(difference.missing)  # the reference's are all of them BatchNorm
    parts = []
    for text, layers in ((_("missing: {layers}"), difference.missing), (_("superfluous: {layers}"), difference.extra)):
        if layers:
            named = [
                (f"{count} x " if count > 1 else "") + layer_named(signature, is_norm=signature in normalised)
                for signature, count in layers.items()
            ]
            parts.append(text.format(layers=", ".join(named)))
    differences = "; ".join(parts)
    return CheckFailed(
        _("Other layers are expected, {differences}.").format(differences=differences),
        remedy=_("Compare the layers and their shapes with the text of the task."),
    )


_ACTIVATIONS = frozenset(
    {"CELU", "ELU", "GELU", "GLU", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid", "Mish", "PReLU"}
    | {"RReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softsign", "Tanh"}
)


def _other_activations(student: nn.Module, reference: nn.Module) -> list[str]:
    """Activations among the student's layers that the reference has not; it may have some as functions: ReLU mostly."""
    ours, theirs = ({type_name(part) for part in module.modules()} for module in (student, reference))
    return sorted((ours - theirs) & _ACTIVATIONS)


def other_values(student: nn.Module, reference: nn.Module, inputs: tuple[Tensor, ...]) -> CheckFailed:
    """The failure of a module with the right layers that computes something else.

    Args:
        student: the student's module; its weights are overwritten.
        reference: the module that is right.
        inputs: what both are called on.
    """
    lacking = lacking_tensors(pairs_in_order(student, reference))
    if lacking:
        return CheckFailed(
            _("The layers have no {names}.").format(names=", ".join(lacking)),
            remedy=_("Compare the arguments of the layers with the text of the task."),
        )
    other = _other_activations(student, reference)
    if other:
        return CheckFailed(
            _("The shapes are right, the values are not."),
            remedy=_("There is {layers} in the module: is that the activation that the task names?").format(
                layers=", ".join(f"`nn.{name}`" for name in other)
            ),
        )
    unreached = unreached_parameters(student, *inputs)
    if unreached:
        return CheckFailed(
            _("The output differs from the expected one, and {names} takes no part in it.").format(
                names=", ".join(unreached)
            ),
            remedy=_("Is every layer used in `forward`, and none of them twice?"),
        )
    copy_in_order(student, reference)
    expected = evaluated(reference, *inputs)
    with mode(student, training=False), torch.no_grad():
        output = call(student, *inputs)
        require_own_mode(student)
    if float(expected.min()) >= 0 and float(output.min()) < 0:
        return CheckFailed(
            _("There are negative numbers in the output (down to {lowest:.2f}), and none are expected.").format(
                lowest=float(output.min())
            ),
            remedy=_("Is there a ReLU at the very end?"),
        )
    return CheckFailed(
        _("The shapes are right, the values are not: they differ by {apart} with the same weights.").format(
            apart=percent(distance(output, expected))
        ),
        remedy=_("Follow the order of operations in `forward` line by line."),
    )
