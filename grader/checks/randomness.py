"""Dropout: random while a module trains, and never afterwards."""

from __future__ import annotations

import torch
from torch import Tensor

from grader.checks.calling import call, mode, require_module, take_shapes
from grader.checks.comparing import distance
from grader.errors import CheckFailed
from grader.language import _


def drops_out_only_in_training(module: object, *inputs: Tensor) -> None:
    """Two calls on one input differ in training mode, and only there.

    Args:
        module: the student's module.
        inputs: what it is called on.

    Raises:
        CheckFailed: it is not random in training mode, or random in evaluation mode.
    """
    student = require_module(module)
    take_shapes(student, *inputs)
    apart = []
    with torch.no_grad():
        for training in (False, True):
            with mode(student, training=training):
                apart.append(distance(call(student, *inputs), call(student, *inputs)))
    in_evaluation, in_training = apart
    if in_evaluation > 0:
        raise CheckFailed(
            _("In `eval()` mode two calls on one input differ by {apart:.0%}.").format(apart=min(in_evaluation, 9.99)),
            remedy=_(
                "`F.dropout(x)` drops in every mode: give it `training=self.training`, or use the layer `nn.Dropout`."
            ),
        )
    if in_training == 0:
        raise CheckFailed(
            _("In `train()` mode two calls on one input give the same output."),
            remedy=_("Is there a dropout layer, with a probability above zero, and is it called in `forward`?"),
        )
