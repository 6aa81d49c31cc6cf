"""Two modules are the same function: same outputs, same gradients, same statistics after a training step."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from grader.checks.calling import call, call_on, mode, require_module, student_errors_explained, take_shapes
from grader.checks.comparing import OUTPUT_TOLERANCE, distance, loss_with_output_grad, random_output_grad
from grader.checks.differences import other_layers, other_values
from grader.checks.in_place import does_not_change_its_input
from grader.checks.known_mistakes import Suspect
from grader.checks.layers import Layer, layer_difference, layers_of
from grader.checks.pairing import (
    Pair,
    PairSearch,
    draw_weights,
    evaluated,
)
from grader.errors import CheckFailed
from grader.examiner.calls import fused_backward, inputs_come_back
from grader.examiner.examination import inputs_were_changed
from grader.examiner.meanwhile import meanwhile
from grader.language import _, percent

# One ReLU that flips at zero moves a gradient of a thousand numbers by 3e-2; a cut path moves it by 0.3 and more.
GRADIENT_TOLERANCE = 5e-2


def same_function(
    student: object,
    reference: nn.Module,
    *inputs: Tensor,
    suspects: Sequence[Suspect] = (),
    gradients: bool = True,
    training: bool = True,
) -> None:
    """The student's module computes the reference's function, whatever its names, order and style.

    Both get the same random weights, see `grader.checks.pairing`. Outputs are compared in evaluation mode and, under
    other weights, in training mode, then running statistics after that training step, and gradients.

    Args:
        student: the student's module.
        reference: a module that is right; its weights are overwritten.
        inputs: what both are called on, float32; at least two examples, so that BatchNorm can train.
        suspects: known mistakes. The author of a module that equals one reads its message.
        gradients: compare the gradients too.
        training: compare in training mode. Without it both comparisons are in evaluation mode: a module with
            dropout may draw its masks in a way of its own, which `dropout_rates` looks at.

    Raises:
        CheckFailed: another function; the message names the likely mistake.
    """
    module = require_module(student)
    _compare(module, reference, inputs, suspects, training=training, statistics=training, gradients=gradients)


def gradients_match(
    student: object,
    reference: nn.Module,
    *inputs: Tensor,
    suspects: Sequence[Suspect] = (),
    inputs_unchanged: bool = False,
) -> None:
    """The student's module has the reference's gradients, with respect to the inputs and to every parameter.

    Args:
        student: the student's module.
        reference: a module that is right; its weights are overwritten.
        inputs: what both are called on, float32.
        suspects: known mistakes.
        inputs_unchanged: the module has to leave its inputs as they were too, see `does_not_change_its_input`.

    Raises:
        CheckFailed: the gradients differ, or the function itself does, or an input was changed.
    """
    module = require_module(student)
    try:
        _compare(
            module,
            reference,
            inputs,
            suspects,
            training=True,
            statistics=False,
            gradients=True,
            inputs_unchanged=inputs_unchanged,
        )
    except CheckFailed:
        if inputs_unchanged:
            does_not_change_its_input(module, *inputs)  # where it does, that is the cause of the rest
        raise


def _compare(
    module: nn.Module,
    reference: nn.Module,
    inputs: tuple[Tensor, ...],
    suspects: Sequence[Suspect],
    *,
    training: bool,
    statistics: bool,
    gradients: bool,
    inputs_unchanged: bool = False,
) -> None:
    def same_step(pairs: list[Pair], output: Tensor) -> None:
        draw_weights(pairs)
        output_grad = random_output_grad(output) if gradients else None
        with meanwhile(
            partial(training_step, reference, inputs, is_student=False, output_grad=output_grad, training=training)
        ) as right:
            with inputs_come_back() if inputs_unchanged else nullcontext():
                step = training_step(module, inputs, is_student=True, output_grad=output_grad, training=training)
            expected = right.value
        if distance(step.output, expected.output) > OUTPUT_TOLERANCE:
            if training:
                anyway = _differ_in_evaluation(module, reference, inputs, pairs)
                raise _other_in_training(module, reference, inputs, suspects, step, expected, anyway=anyway)
            raise other_values(module, reference, inputs)
        if statistics:
            _compare_buffers(pairs, step, expected)
        if gradients:
            _compare_gradients(pairs, step, expected)
        if inputs_unchanged and step.changed_inputs:
            raise inputs_were_changed()

    pairs, output = _matched(module, reference, inputs, suspects)
    try:
        same_step(pairs, output)
    except CheckFailed:
        # Under unlucky weights (all logits positive, a channel that is never negative) a wrong module gives the right
        # output, and a wrong partner passes for the right one. Neither is likely to happen twice in a row.
        others, output = _matched(module, reference, inputs, suspects)
        if _names(others) == _names(pairs):
            raise
        same_step(others, output)


def _names(pairs: list[Pair]) -> list[tuple[str, str]]:
    return [(pair.student.name, pair.reference.name) for pair in pairs]


def _matched(
    module: nn.Module, reference: nn.Module, inputs: tuple[Tensor, ...], suspects: Sequence[Suspect]
) -> tuple[list[Pair], Tensor]:
    """Pairs of layers under which the outputs agree in evaluation mode, and this output."""
    take_shapes(module, *inputs)
    search = PairSearch(module, reference, inputs)
    pairs = search.pairs()
    if pairs is not None:
        return pairs, search.expected
    difference = layer_difference(module, reference)
    if difference:
        search.output()  # a wrong shape or an error is worth more to the student than a list of layers
    for suspect in suspects:
        if search.is_function(suspect.module):
            raise CheckFailed(suspect.message)
    raise other_layers(module, difference) if difference else other_values(module, reference, inputs)


@dataclass(frozen=True)
class TrainingStep:
    """What one forward pass leaves, in training mode unless said otherwise, and one backward pass where asked for.

    Attributes:
        output: the module's output.
        input_gradients: one per input; `None` where none arrived.
        parameter_gradients: by name in `state_dict`; none without a backward pass.
        buffers: running statistics afterwards, by name.
        changed_inputs: whether the module wrote into what it was given.
    """

    output: Tensor
    input_gradients: tuple[Tensor | None, ...]
    parameter_gradients: dict[str, Tensor | None]
    buffers: dict[str, Tensor]
    changed_inputs: bool


# Both modules draw the same dropout masks. Only the CPU's generator: `manual_seed` also queues itself for a GPU that is
# not there, with a traceback, every time.
_SEED = 2015


def training_step(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    *,
    is_student: bool,
    output_grad: Tensor | None = None,
    training: bool = True,
) -> TrainingStep:
    """One forward pass, and a backward pass where a gradient with respect to the output is given."""
    leaves = tuple(value.detach().clone().requires_grad_(value.is_floating_point()) for value in inputs)
    parameters = {} if output_grad is None else dict(module.named_parameters())
    for parameter in parameters.values():
        parameter.grad = None
    with torch.random.fork_rng(devices=[]), mode(module, training=training):
        torch.default_generator.manual_seed(_SEED)
        given = tuple(leaf.clone() for leaf in leaves)
        with fused_backward(output_grad):
            output = call_on(given, module) if is_student else module(*given)
        if output_grad is not None and output.requires_grad and output.shape == output_grad.shape:
            with student_errors_explained(inputs):
                loss_with_output_grad(output, output_grad).backward()
    step = TrainingStep(
        output=output.detach(),
        input_gradients=tuple(leaf.grad for leaf in leaves),
        parameter_gradients={name: parameter.grad for name, parameter in parameters.items()},
        buffers={name: buffer.detach().clone() for name, buffer in module.named_buffers()},
        changed_inputs=any(not torch.equal(leaf, value) for leaf, value in zip(leaves, given, strict=True)),
    )
    for parameter in parameters.values():
        parameter.grad = None
    return step


def _other_in_training(
    student: nn.Module,
    reference: nn.Module,
    inputs: tuple[Tensor, ...],
    suspects: Sequence[Suspect],
    training: TrainingStep,
    expected: TrainingStep,
    *,
    anyway: bool,
) -> CheckFailed:
    """The failure of a module that is right in evaluation mode only; a known mistake may be such a one too.

    `anyway` says that under these weights it is wrong in evaluation mode as well: then the mode is not the reason.
    """
    search = PairSearch(student, reference, inputs)
    for suspect in suspects:
        module = suspect.module
        if search.pairs_with(module) is None:
            continue
        found = training_step(student, inputs, is_student=True)
        if distance(found.output, training_step(module, inputs, is_student=False).output) <= OUTPUT_TOLERANCE:
            return CheckFailed(suspect.message)
    apart = percent(distance(training.output, expected.output))
    if anyway:
        return CheckFailed(
            _("With some weights the values are right, with others they differ by {apart}.").format(apart=apart),
            remedy=_(
                "Such a difference shows where numbers become large or small. Is every activation the one that the "
                "task names? Is anything cut off or rounded?"
            ),
        )
    has_modes = any(layer.buffers for module in (student, reference) for layer in layers_of(module)) or any(
        isinstance(part, nn.modules.dropout._DropoutNd) for part in reference.modules()
    )
    return CheckFailed(
        _("In `eval()` mode the output is right, in `train()` mode it differs by {apart}.").format(apart=apart),
        remedy=_("Look at the layers that depend on the mode: Dropout and BatchNorm.")
        if has_modes
        else _("Nothing in this module has to depend on the mode: look for `training` and for dropout in `forward`."),
    )


def _differ_in_evaluation(
    student: nn.Module, reference: nn.Module, inputs: tuple[Tensor, ...], pairs: list[Pair]
) -> bool:
    """Whether the two differ in evaluation mode too, under the weights that both hold just now."""
    for pair in pairs:
        for name, buffer in pair.reference.buffers.items():
            pair.student.buffers[name].copy_(buffer)
    with mode(student, training=False), torch.no_grad():
        output = call(student, *inputs)
    return distance(output, evaluated(reference, *inputs)) > OUTPUT_TOLERANCE


def _compare_buffers(pairs: list[Pair], step: TrainingStep, expected: TrainingStep) -> None:
    for pair in pairs:
        for short in pair.reference.buffers:
            name, right = pair.student.full_name(short), expected.buffers[pair.reference.full_name(short)]
            if (
                short in pair.student.buffers
                and distance(pair.student.seen(short, step.buffers[name], right.shape), right) > OUTPUT_TOLERANCE
            ):
                raise CheckFailed(
                    _("After one step in `train()` mode the statistics in {name} are not the expected ones.").format(
                        name=name
                    ),
                    remedy=_("Is this BatchNorm called exactly once, and has it the default momentum?"),
                )


def _compare_gradients(pairs: list[Pair], step: TrainingStep, expected: TrainingStep) -> None:
    for found, right in zip(step.input_gradients, expected.input_gradients, strict=True):
        if right is None:
            continue
        if found is None:
            raise CheckFailed(
                _("The output is right, and no gradient comes back to the input."),
                remedy=_("Look for `.detach()`, `.data`, `torch.no_grad()` or a new tensor made from numbers."),
            )
        apart = distance(found, right)
        if apart > GRADIENT_TOLERANCE:
            raise CheckFailed(
                _("The output is right, and the gradient of the input differs by {apart}.").format(
                    apart=percent(apart)
                ),
                remedy=_("A path is cut for the gradient: look for `.detach()`, `.data` or `torch.no_grad()`."),
            )
    for pair in pairs:
        _compare_parameter_gradients(pair, step, expected)


def _compare_parameter_gradients(pair: Pair, step: TrainingStep, expected: TrainingStep) -> None:
    for short in pair.reference.parameters:
        name = pair.student.full_name(short)
        found, right = step.parameter_gradients[name], expected.parameter_gradients[pair.reference.full_name(short)]
        if right is None or _is_cancelled(right, pair.reference, expected):
            continue
        if found is None:
            raise CheckFailed(
                _("The output is right, and no gradient reaches {name}.").format(name=name),
                remedy=_("A path is cut for the gradient: look for `.detach()`, `.data` or `torch.no_grad()`."),
            )
        apart = distance(pair.student.seen(short, found, right.shape), right)
        if apart > GRADIENT_TOLERANCE:
            raise CheckFailed(
                _("The output is right, and the gradient of {name} differs by {apart}.").format(
                    name=name, apart=percent(apart)
                ),
                remedy=_("A path is cut for the gradient: look for `.detach()`, `.data` or `torch.no_grad()`."),
            )


def _is_cancelled(gradient: Tensor, layer: Layer, expected: TrainingStep) -> bool:
    """A bias before BatchNorm has a gradient of pure rounding noise, which nobody can match."""
    weight_gradient = expected.parameter_gradients.get(layer.full_name("weight"))
    return weight_gradient is not None and float(gradient.norm()) < 1e-4 * float(weight_gradient.norm())
