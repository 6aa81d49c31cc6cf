"""Find out which layer of a student's module stands for which layer of the reference.

Names and order say little, so the functions decide. At first every layer of the reference gets weights of its own, and
the student's layers the same ones in the order of registration: for most right answers the modules agree, and that is
all. Otherwise all layers of one signature get the same weights: then it does not matter which is which, and two modules
that are the same function agree. Then the reference's layers get weights of their own, one after another, and the
student's layer that has to follow to restore the agreement is its partner. This takes at most n (n + 1) / 2 forward
passes for n layers of a signature.

A student's forward pass may cross into the sandbox and is expensive; a pass of the reference is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode
from grader.checks.comparing import OUTPUT_TOLERANCE, distance
from grader.checks.layers import Layer, Signature, layers_by_signature
from grader.checks.shapes import has_shape

# Under unlucky weights (channels that no ReLU lets through) a layer hardly shows in the output, and a wrong partner
# passes for the right one: in 1% of the searches in ten shuffled layers. Four unlucky draws in a row: one in 10^8.
ATTEMPTS = 4
Groups = dict[Signature, list[Layer]]


@dataclass(frozen=True)
class Pair:
    """A student's layer and the layer of the reference that it stands for."""

    student: Layer
    reference: Layer


def pairs_in_order(student: nn.Module, reference: nn.Module) -> list[Pair]:
    """Layers of equal signatures, paired in the order of registration."""
    return _in_order(layers_by_signature(student), layers_by_signature(reference))


def lacking_tensors(pairs: Iterable[Pair]) -> list[str]:
    """Full names of tensors that the reference's layers have and the student's have not, for example a bias."""
    return [
        pair.student.full_name(name)
        for pair in pairs
        for name in pair.reference.tensors
        if name not in pair.student.tensors
    ]


def _in_order(ours: Groups, theirs: Groups) -> list[Pair]:
    return [
        Pair(layer, partner)
        for key, group in theirs.items()
        for layer, partner in zip(ours.get(key, []), group, strict=False)
    ]


def all_in_order(student: nn.Module, reference: nn.Module) -> list[Pair] | None:
    """As `pairs_in_order`; `None` where a layer has no partner, or its partner lacks one of its tensors."""
    return _all_in_order(layers_by_signature(student), layers_by_signature(reference))


def _all_in_order(ours: Groups, theirs: Groups) -> list[Pair] | None:
    if ours.keys() != theirs.keys() or any(len(group) != len(theirs[key]) for key, group in ours.items()):
        return None
    pairs = _in_order(ours, theirs)
    return None if lacking_tensors(pairs) else pairs


class PairSearch:
    """Finds the layers of one student's module in the reference, and in modules with known mistakes.

    Args:
        student: the student's module; its weights are overwritten.
        inputs: what the modules are called on.
        expected: an output of the reference: the student's outputs must have its shape and dtype.
    """

    def __init__(self, student: nn.Module, inputs: tuple[Tensor, ...], expected: Tensor) -> None:
        self._student = student
        self._inputs = inputs
        self._expected = expected
        self._layers = layers_by_signature(student)
        self._shared: dict[Signature, dict[str, Tensor]] = {}
        self._shared_output: Tensor | None = None

    def pairs(self, other: nn.Module) -> list[Pair] | None:
        """Pairs under which both modules give the same output in evaluation mode; they hold the same weights then.

        Args:
            other: the reference; its weights are overwritten.

        Returns:
            One pair for each layer, or `None` if the modules are different functions.

        Raises:
            CheckFailed: the student's module raised, or its output has another shape or dtype.
        """
        pairs = _all_in_order(self._layers, layers_by_signature(other))
        if pairs is not None:
            draw_weights(pairs)
            if self.gives(evaluated(other, *self._inputs)):
                return pairs
        return self.pairs_of_suspect(other)

    def gives(self, expected: Tensor) -> bool:
        """Whether this is the student's output in evaluation mode with the weights that it has now.

        Raises:
            CheckFailed: as in `pairs`.
        """
        return distance(self._output(), expected) <= OUTPUT_TOLERANCE

    def pairs_of_suspect(self, other: nn.Module) -> list[Pair] | None:
        """As `pairs`, for a module that is probably another function: mostly that takes no pass of the student's."""
        if _all_in_order(self._layers, layers_by_signature(other)) is None:
            return None
        for _attempt in range(ATTEMPTS):
            if not self._agree_when_shared(other):
                return None
            pairs = self._one_by_one(other)
            if pairs is not None:
                return pairs
            self._shared.clear()
            self._shared_output = None
        return None

    def _agree_when_shared(self, other: nn.Module) -> bool:
        self._share_weights(other)
        if self._shared_output is None:
            for key, layers in self._layers.items():
                _fill(layers, self._shared[key])
            self._shared_output = self._output()
        return self._agree(self._shared_output, other)

    def _one_by_one(self, other: nn.Module) -> list[Pair] | None:
        pairs = []
        for key, layers in self._layers.items():
            _fill(layers, self._shared[key])
        for key, group in layers_by_signature(other).items():
            free = list(self._layers[key])
            for layer in group:
                partner = free[0] if len(group) == 1 else self._partner(other, layer, free, self._shared[key])
                if partner is None:
                    return None
                free.remove(partner)
                pairs.append(Pair(partner, layer))
        return pairs

    def _partner(
        self, other: nn.Module, layer: Layer, candidates: list[Layer], shared: dict[str, Tensor]
    ) -> Layer | None:
        """The candidate that needs the layer's new weights, so that the modules agree again."""
        weights = drawn_weights(layer)
        _fill([layer], weights)
        for candidate in candidates:
            _fill([candidate], weights)
            if self._agree(self._output(), other):
                return candidate
            _fill([candidate], shared)
        return None

    def _share_weights(self, other: nn.Module) -> None:
        """Give all layers of one signature the same weights: in the other module now, in the student's when needed."""
        for key, group in layers_by_signature(other).items():
            drawn = self._shared.setdefault(key, {})
            for layer in group:
                if set(layer.tensors) - set(drawn):
                    drawn.update({name: value for name, value in drawn_weights(layer).items() if name not in drawn})
                    self._shared_output = None
            _fill(group, drawn)

    def _agree(self, output: Tensor, other: nn.Module) -> bool:
        return distance(output, evaluated(other, *self._inputs)) <= OUTPUT_TOLERANCE

    def _output(self) -> Tensor:
        with mode(self._student, training=False), torch.no_grad():
            output = call(self._student, *self._inputs, expected_shape=self._expected.shape)
        has_shape(output, self._expected.shape, dtype=self._expected.dtype)
        return output


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
        value = torch.empty_like(tensor)
        if layer.kind == "norm" and name == "weight":
            value.uniform_(0.5, 1.5)
        elif name == "weight":
            value.normal_(0.0, (2 / tensor[0].numel()) ** 0.5)
        elif name == "running_var":
            value.uniform_(0.5, 2.0)
        elif name in {"bias", "running_mean"}:
            value.normal_(0.0, 0.5)
        else:
            value.zero_()
        drawn[name] = value
    return drawn


def draw_weights(pairs: Iterable[Pair]) -> None:
    """Give both layers of every pair the same new weights."""
    for pair in pairs:
        _fill([pair.reference], drawn_weights(pair.reference))
        _fill([pair.student], pair.reference.tensors)


def copy_in_order(student: nn.Module, reference: nn.Module) -> None:
    """Give the student's layers the weights of the reference's, paired in the order of registration."""
    for pair in pairs_in_order(student, reference):
        _fill([pair.student], pair.reference.tensors)


def _fill(layers: Iterable[Layer], weights: dict[str, Tensor]) -> None:
    """Write weights into layers. A tensor that has none is a bias before BatchNorm: it changes nothing, as zero."""
    with torch.no_grad():
        for layer in layers:
            for name, tensor in layer.tensors.items():
                if name in weights:
                    tensor.copy_(weights[name])
                else:
                    tensor.zero_()
