"""Give two modules the same weights, drawn at random."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from grader.checks.layers import Pair, layers_of


def randomise(module: nn.Module) -> None:
    """Draw every parameter and every running statistic.

    A fresh BatchNorm is almost the identity: without this a forgotten or doubled one would hardly show.
    Weights are scaled by sqrt(2 / fan_in), as in He et al. 2015 (Delving Deep into Rectifiers), equation 10.
    """
    with torch.no_grad():
        for layer in layers_of(module):
            for name, tensor in layer.tensors.items():
                if layer.kind == "norm" and name == "weight":
                    tensor.uniform_(0.5, 1.5)
                elif name == "weight":
                    tensor.normal_(0.0, (2 / tensor[0].numel()) ** 0.5)
                elif name == "running_var":
                    tensor.uniform_(0.5, 2.0)
                elif name in {"bias", "running_mean"}:
                    tensor.normal_(0.0, 0.5)


def copy_weights(student: nn.Module, pairs: Iterable[Pair]) -> None:
    """Give the student's layers the tensors of the reference's.

    A tensor that only the student has is a bias before BatchNorm, which changes nothing: it becomes zero.
    """
    state: dict[str, Tensor] = {}
    for pair in pairs:
        theirs = pair.reference.tensors
        for name, tensor in pair.student.tensors.items():
            value = theirs[name] if name in theirs else torch.zeros_like(tensor)
            state[pair.student.full_name(name)] = value.detach().clone()
    student.load_state_dict(state, strict=False)
