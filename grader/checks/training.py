"""A module learns."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.calling import call, mode, student_errors_explained
from grader.checks.counting import require_parameters
from grader.errors import CheckFailed
from grader.language import _

_SEED = 2012


def trains(
    module: object,
    inputs: Tensor,
    targets: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    steps: int = 20,
    learning_rate: float = 0.01,
    falls_to: float = 0.5,
) -> None:
    """The loss on one batch falls within a few steps of Adam: a network that learns can learn a batch by heart.

    Args:
        module: the student's module; its weights are changed.
        inputs: one batch.
        targets: what the loss compares the output with.
        loss: output and targets -> a number.
        steps: number of steps.
        learning_rate: Adam's.
        falls_to: the last loss is at most this part of the first.

    Raises:
        CheckFailed: the loss does not fall; the message has its first and last value.
    """
    student = require_parameters(module, inputs)
    optimizer = torch.optim.Adam(student.parameters(), lr=learning_rate)
    losses = []
    with torch.random.fork_rng(devices=[]), mode(student, training=True):
        torch.default_generator.manual_seed(_SEED)
        for _step in range(steps + 1):
            losses.append(_step_of(student, inputs, targets, loss, optimizer))
    student.zero_grad(set_to_none=True)
    first, last = losses[0], losses[-1]
    if last > falls_to * first:
        raise CheckFailed(
            _(
                "After {steps} steps on one batch the loss is {last:.3g}; it began with {first:.3g} and should fall "
                "to {goal:.3g}."
            ).format(steps=steps, last=last, first=first, goal=falls_to * first),
            remedy=_("Does every layer take part, and is there no softmax, no ReLU and no dropout at the very end?"),
        )


def _step_of(
    student: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    loss: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
) -> float:
    """The loss before one step."""
    optimizer.zero_grad()
    output = call(student, inputs)
    value = loss(output, targets)
    if not math.isfinite(value.item()):
        raise CheckFailed(
            _("The loss becomes NaN or infinite while the module trains."),
            remedy=_("Look for a logarithm or a division, and for a softmax that the loss applies again."),
        )
    if not value.requires_grad:
        raise CheckFailed(
            _("The module cannot train: its output does not depend on any parameter that takes gradients."),
            remedy=_("A path is cut for the gradient: look for `.detach()`, `.data` or `torch.no_grad()`."),
        )
    with student_errors_explained((inputs,)):
        value.backward()
    optimizer.step()
    return value.item()
