"""A forward pass leaves its caller's tensors alone."""

from __future__ import annotations

import torch
from torch import Tensor

from grader.checks.calling import mode, require_module, require_tensor, student_errors_explained
from grader.errors import CheckFailed
from grader.examiner.calls import inputs_come_back
from grader.examiner.examination import inputs_may_change
from grader.language import _


def does_not_change_its_input(module: object, *inputs: Tensor) -> None:
    """The tensors that the module is called on are the same afterwards, bit for bit.

    In an examination they come back from the student's process and are compared here, see `inputs_come_back`: that
    process is asked for the tensors, not for its opinion.

    Args:
        module: the student's module.
        inputs: what it is called on; the caller's own tensors stay unharmed.

    Raises:
        CheckFailed: the module wrote into an input.
    """
    student = require_module(module)
    given = [value.detach().clone() for value in inputs]
    with mode(student, training=False), torch.no_grad():
        with student_errors_explained(inputs), inputs_may_change(), inputs_come_back():
            output = student(*given)
        require_tensor(output)
    for before, after in zip(inputs, given, strict=True):
        if not torch.equal(before, after):
            changed = int((before != after).sum())
            raise CheckFailed(
                _("`forward` changed its own input: {changed} of {total} numbers are different after the call.").format(
                    changed=changed, total=before.numel()
                ),
                remedy=_("An in-place operation on the input does that: `inplace=True`, `x += ...`, `x.relu_()`."),
            )
