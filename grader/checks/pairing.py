"""Find out which layer of a student's module stands for which layer of the reference.

Names and order say little, so the functions decide. At first all layers of one signature hold the same weights: then
it does not matter which is which, and two modules that are the same function agree. Then the reference's layers get
weights of their own, one after another, and the student's layer that has to follow to restore the agreement is its
partner. This takes at most n (n + 1) / 2 forward passes for n layers of a signature, and usually n.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode
from grader.checks.comparing import OUTPUT_TOLERANCE, distance
from grader.checks.layers import Layer, layer_difference, layers_by_signature


@dataclass(frozen=True)
class Pair:
    """A student's layer and the layer of the reference that it stands for."""

    student: Layer
    reference: Layer


def pairs_in_order(student: nn.Module, reference: nn.Module) -> list[Pair]:
    """Layers of equal signatures, paired in the order of registration."""
    ours = layers_by_signature(student)
    return [
        Pair(layer, partner)
        for key, group in layers_by_signature(reference).items()
        for layer, partner in zip(ours.get(key, []), group, strict=False)
    ]


def lacking_tensors(student: nn.Module, reference: nn.Module) -> list[str]:
    """Full names of tensors that the reference's layers have and the student's have not, for example a bias."""
    return [
        pair.student.full_name(name)
        for pair in pairs_in_order(student, reference)
        for name in pair.reference.tensors
        if name not in pair.student.tensors
    ]


def find_pairs(student: nn.Module, reference: nn.Module, *inputs: Tensor) -> list[Pair] | None:
    """Pairs under which both modules give the same output in evaluation mode; afterwards they hold the same weights.

    Args:
        student: the student's module; its weights are overwritten.
        reference: the module that is right; its weights are overwritten.
        inputs: what both are called on.

    Returns:
        One pair for each layer, or `None` if the modules are different functions.
    """
    if layer_difference(student, reference) or lacking_tensors(student, reference):
        return None
    search = _Search(student, reference, inputs)
    ours, theirs = layers_by_signature(student), layers_by_signature(reference)
    shared = {key: drawn_weights(group[0]) for key, group in theirs.items()}
    for key, group in theirs.items():
        _fill(reference, group, shared[key])
        _fill(student, ours[key], shared[key])
    if not search.modules_agree():
        return None
    pairs = []
    for key, group in theirs.items():
        free = list(ours[key])
        for layer in group:
            partner = free[0] if len(group) == 1 else search.partner(layer, free, shared[key])
            if partner is None:
                return None
            free.remove(partner)
            pairs.append(Pair(partner, layer))
    return pairs


@dataclass(frozen=True)
class _Search:
    student: nn.Module
    reference: nn.Module
    inputs: tuple[Tensor, ...]

    def partner(self, layer: Layer, candidates: list[Layer], shared: dict[str, Tensor]) -> Layer | None:
        """The candidate that needs the layer's new weights, so that the modules agree again."""
        weights = drawn_weights(layer)
        _fill(self.reference, [layer], weights)
        for candidate in candidates:
            _fill(self.student, [candidate], weights)
            if self.modules_agree():
                return candidate
            _fill(self.student, [candidate], shared)
        return None

    def modules_agree(self) -> bool:
        expected = evaluated(self.reference, *self.inputs)
        with mode(self.student, training=False), torch.no_grad():
            output = call(self.student, *self.inputs, expected_shape=expected.shape)
        return distance(output, expected) <= OUTPUT_TOLERANCE


def evaluated(reference: nn.Module, *inputs: Tensor) -> Tensor:
    """The reference's output in evaluation mode."""
    with mode(reference, training=False), torch.no_grad():
        output: Tensor = reference(*(value.clone() for value in inputs))
    return output


def drawn_weights(layer: Layer) -> dict[str, Tensor]:
    """Random values for every tensor of a layer, running statistics included.

    A fresh BatchNorm is almost the identity: without this a forgotten or doubled one would hardly show.
    Weights are scaled by sqrt(2 / fan_in), as in He et al. 2015 (Delving Deep into Rectifiers), equation 10.
    """
    drawn = {}
    for name, tensor in layer.tensors.items():
        value = torch.zeros_like(tensor)
        if layer.kind == "norm" and name == "weight":
            value.uniform_(0.5, 1.5)
        elif name == "weight":
            value.normal_(0.0, (2 / tensor[0].numel()) ** 0.5)
        elif name == "running_var":
            value.uniform_(0.5, 2.0)
        elif name in {"bias", "running_mean"}:
            value.normal_(0.0, 0.5)
        drawn[name] = value
    return drawn


def copy_in_order(student: nn.Module, reference: nn.Module) -> None:
    """Give the student's layers the weights of the reference's, paired in the order of registration."""
    for pair in pairs_in_order(student, reference):
        _fill(student, [pair.student], pair.reference.tensors)


def _fill(module: nn.Module, layers: Iterable[Layer], weights: dict[str, Tensor]) -> None:
    """Write weights into layers. A tensor that has none is a bias before BatchNorm: it changes nothing, as zero."""
    state = {
        layer.full_name(name): weights[name].detach().clone() if name in weights else torch.zeros_like(tensor)
        for layer in layers
        for name, tensor in layer.tensors.items()
    }
    module.load_state_dict(state, strict=False)
