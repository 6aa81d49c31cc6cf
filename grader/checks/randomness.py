"""Dropout: random while a module trains, and never afterwards."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode, require_module, require_own_mode, take_shapes
from grader.checks.comparing import distance
from grader.errors import CheckFailed
from grader.language import _, percent


def drops_out_only_in_training(module: object, *inputs: Tensor) -> None:
    """Two calls on one input differ in training mode, and only there.

    Args:
        module: the student's module.
        inputs: what it is called on.

    Raises:
        CheckFailed: it is not random in training mode, or random in evaluation mode.
    """
    student = require_module(module)
    repeats_itself_in_evaluation(student, *inputs)
    if _apart(student, inputs, training=True) == 0:
        raise CheckFailed(
            _("In `train()` mode two calls on one input give the same output."),
            remedy=_("Is there a dropout layer, with a probability above zero, and is it called in `forward`?"),
        )


def repeats_itself_in_evaluation(module: object, *inputs: Tensor) -> None:
    """Two calls on one input agree in evaluation mode.

    Args:
        module: the student's module.
        inputs: what it is called on.

    Raises:
        CheckFailed: they do not, as if dropout were at work.
    """
    student = require_module(module)
    take_shapes(student, *inputs)
    apart = _apart(student, inputs, training=False)
    if apart > 0:
        with torch.no_grad(), mode(student, training=False):
            call(student, *inputs)
            require_own_mode(student)
        raise CheckFailed(
            _("In `eval()` mode two calls on one input differ by {apart}.").format(apart=percent(apart)),
            remedy=_(
                "Something in `forward` is random in every mode: `F.dropout(x)` without `training=self.training`, "
                "a layer that is made there and not in `__init__`, or `self.train()`."
            ),
        )


def _apart(module: nn.Module, inputs: tuple[Tensor, ...], *, training: bool) -> float:
    with torch.no_grad(), mode(module, training=training):
        return distance(call(module, *inputs), call(module, *inputs))
