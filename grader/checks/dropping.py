"""Dropout stands where it should, and drops as much as it should."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode, require_module
from grader.checks.comparing import OUTPUT_TOLERANCE, distance
from grader.checks.equivalence import same_function
from grader.checks.pairing import copy_in_order
from grader.checks.randomness import drops_out_only_in_training
from grader.checks.suspects import Suspect
from grader.errors import CheckFailed
from grader.language import _

# The same random numbers for the student's masks and the reference's. Srivastava et al. 2014, Dropout.
_SEED = 2014


def dropout_matches(student: object, reference: nn.Module, *inputs: Tensor, suspects: Sequence[Suspect] = ()) -> None:
    """In training mode the student's module drops what the reference drops, and nothing in evaluation mode.

    Args:
        student: the student's module.
        reference: a module that is right; its weights are overwritten.
        inputs: what both are called on, float32.
        suspects: modules with the reference's layers in the same order, and dropout in the wrong places.

    Raises:
        CheckFailed: it drops something else; the message says where the dropout stands instead, if that is known.
    """
    module = require_module(student)
    drops_out_only_in_training(module, *inputs)
    same_function(module, reference, *inputs, training=False, gradients=False)
    found = _dropped(module, inputs, is_student=True)
    apart = distance(found, _dropped(reference, inputs))
    if apart <= OUTPUT_TOLERANCE:
        return
    for suspect in suspects:
        other = suspect.module
        copy_in_order(other, reference)
        if distance(found, _dropped(other, inputs)) <= OUTPUT_TOLERANCE:
            raise CheckFailed(suspect.message)
    raise CheckFailed(
        _("In `eval()` mode the output is right, in `train()` mode it differs by {apart:.0%}.").format(
            apart=min(apart, 9.99)
        ),
        remedy=_("Compare the places of the dropout layers and their probability with the text of the task."),
    )


def _dropped(module: nn.Module, inputs: tuple[Tensor, ...], *, is_student: bool = False) -> Tensor:
    with torch.no_grad(), torch.random.fork_rng(devices=[]), mode(module, training=True):
        torch.default_generator.manual_seed(_SEED)
        output: Tensor = call(module, *inputs) if is_student else module(*inputs)
    return output
