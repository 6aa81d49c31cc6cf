"""Find out which layer of a student's module stands for which layer of the reference.

Names and order say little, so the functions decide. At first every layer of the reference gets weights of its own, and
the student's layers the same ones in the order of registration: for most right answers the modules agree, and that is
all. A shortcut that is registered before the branch changes the order of the normalisations, and not what each of them
follows: that is the second guess. Otherwise all layers of one signature get the same weights: then it does not matter
which is which, and two modules that are the same function agree. Then the reference's layers get weights of their own,
one after another, and the student's layer that has to follow to restore the agreement is its partner. This takes at
most n (n + 1) / 2 forward passes for n layers of a signature.

A student's forward pass may cross into the sandbox and is expensive; a pass of the reference is not, and takes place
while the student's is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode
from grader.checks.comparing import OUTPUT_TOLERANCE, distance
from grader.checks.layers import Layer, Signature, by_signature, fitted, layers_of
from grader.checks.shapes import has_shape
from grader.examiner.meanwhile import Meanwhile, meanwhile

# Under unlucky weights (channels that no ReLU lets through) a layer hardly shows in the output, and a wrong partner
# passes for the right one: in 1% of the searches in ten shuffled layers. Four unlucky draws in a row: one in 10^8.
ATTEMPTS = 4
Key = TypeVar("Key")


@dataclass(frozen=True)
class Pair:
    """A student's layer and the layer of the reference that it stands for."""

    student: Layer
    reference: Layer


def pairs_in_order(student: nn.Module, reference: nn.Module) -> list[Pair]:
    """Layers of equal signatures, paired in the order of registration."""
    right = layers_of(reference)
    return _in_order(by_signature(fitted(layers_of(student), right)), by_signature(right))


def lacking_tensors(pairs: Iterable[Pair]) -> list[str]:
    """Full names of tensors that the reference's layers have and the student's have not, for example a bias.

    A BatchNorm of one's own need not count its batches: PyTorch's does so for `momentum=None` alone.
    """
    return [
        pair.student.full_name(name)
        for pair in pairs
        for name in pair.reference.tensors
        if name not in pair.student.tensors and name != "num_batches_tracked"
    ]


def _in_order(ours: Mapping[Key, Sequence[Layer]], theirs: Mapping[Key, Sequence[Layer]]) -> list[Pair]:
    return [
        Pair(layer, partner)
        for key, group in theirs.items()
        for layer, partner in zip(ours.get(key, ()), group, strict=False)
    ]


def _by_what_is_normalised(layers: Iterable[Layer]) -> dict[tuple[Signature | None, Signature], list[Layer]]:
    """Layers in groups of equal signatures, and normalisations by the signature of the layer just before them too."""
    groups: dict[tuple[Signature | None, Signature], list[Layer]] = {}
    before = None
    for layer in layers:
        groups.setdefault((before if layer.kind == "norm" else None, layer.signature), []).append(layer)
        before = layer.signature
    return groups


class PairSearch:
    """Finds the layers of one student's module in the reference, and in modules with known mistakes.

    Args:
        student: the student's module; its weights are overwritten.
        reference: the module that is right; its weights are overwritten.
        inputs: what the modules are called on. The student's outputs must have shape and dtype of the reference's.
    """

    def __init__(self, student: nn.Module, reference: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._student = student
        self._reference = reference
        self._inputs = inputs
        self._layers = fitted(layers_of(student), layers_of(reference))
        self._groups = by_signature(self._layers)
        self._expected = Meanwhile(partial(evaluated, reference, *inputs))
        self._shared: dict[Signature, dict[str, Tensor]] = {}
        self._shared_output: Tensor | None = None

    @property
    def expected(self) -> Tensor:
        """The reference's output in the latest comparison with it, in evaluation mode."""
        return self._expected.value

    def pairs(self) -> list[Pair] | None:
        """Pairs under which student and reference give the same output in evaluation mode, and hold the same weights.

        Returns:
            One pair for each layer, or `None` if the modules are different functions.

        Raises:
            CheckFailed: the student's module raised, or its output has another shape or dtype.
        """
        found = self._pairs()
        if found is None and any(layer.is_square for layer in self._layers):
            as_read = self._layers
            self._take([layer.turned() if layer.is_square else layer for layer in self._layers])  # `x @ W`
            found = self._pairs()
            if found is None:
                self._take(as_read)
        return found

    def _take(self, layers: list[Layer]) -> None:
        """Read the student's layers in this way."""
        self._layers = layers
        self._groups = by_signature(layers)
        self._shared_output = None

    def _pairs(self) -> list[Pair] | None:
        layers = layers_of(self._reference)
        in_order = _in_order(self._groups, by_signature(layers))
        if not self._are_all(in_order, layers):
            return None
        if self._agree_under(in_order):
            return in_order
        behind_alike = _in_order(_by_what_is_normalised(self._layers), _by_what_is_normalised(layers))
        is_new = set(behind_alike) != set(in_order)
        if is_new and self._are_all(behind_alike, layers) and self._agree_under(behind_alike):
            return behind_alike
        return self.pairs_with(self._reference)

    def _are_all(self, pairs: Sequence[Pair], theirs: Sequence[Layer]) -> bool:
        """Whether every layer of both has a partner, with all the tensors that it needs."""
        return len(pairs) == len(self._layers) == len(theirs) and not lacking_tensors(pairs)

    def _agree_under(self, pairs: Sequence[Pair]) -> bool:
        draw_weights(pairs)
        with meanwhile(partial(evaluated, self._reference, *self._inputs)) as self._expected:
            return distance(self.output(), self._expected.value) <= OUTPUT_TOLERANCE

    def pairs_with(self, other: nn.Module) -> list[Pair] | None:
        """As `pairs`, for a module that is probably another function: mostly that takes no pass of the student's."""
        layers = layers_of(other)
        if not self._are_all(_in_order(self._groups, by_signature(layers)), layers):
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

    def is_function(self, other: nn.Module) -> bool:
        """Whether the student's module is the function of a module with a known mistake.

        Under weights that the mistake does not show with (no number above 6 for a ReLU6) it would pass for many: it has
        to be another function than the reference, and to agree under new weights too.
        """
        pairs = self.pairs_with(other)
        if pairs is None:
            return False
        both = pairs_in_order(other, self._reference)
        if len(both) == len(pairs) == len(layers_of(self._reference)):
            draw_weights(both)
            if distance(evaluated(other, *self._inputs), evaluated(self._reference, *self._inputs)) <= OUTPUT_TOLERANCE:
                return False
        for _again in range(2):
            draw_weights(pairs)
            if not self._agree(self.output(), other):
                return False
        return True

    def _agree_when_shared(self, other: nn.Module) -> bool:
        self._share_weights(other)
        if self._shared_output is None:
            for key, layers in self._groups.items():
                _fill(layers, self._shared[key])
            self._shared_output = self.output()
        return self._agree(self._shared_output, other)

    def _one_by_one(self, other: nn.Module) -> list[Pair] | None:
        pairs = []
        for key, layers in self._groups.items():
            _fill(layers, self._shared[key])
        for key, group in by_signature(layers_of(other)).items():
            free = list(self._groups[key])
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
            if self._agree(self.output(), other):
                return candidate
            _fill([candidate], shared)
        return None

    def _share_weights(self, other: nn.Module) -> None:
        """Give all layers of one signature the same weights: in the other module now, in the student's when needed."""
        for key, group in by_signature(layers_of(other)).items():
            drawn = self._shared.setdefault(key, {})
            for layer in group:
                if set(layer.tensors) - set(drawn):
                    drawn.update({name: value for name, value in drawn_weights(layer).items() if name not in drawn})
                    self._shared_output = None
            _fill(group, drawn)

    def _agree(self, output: Tensor, other: nn.Module) -> bool:
        return distance(output, evaluated(other, *self._inputs)) <= OUTPUT_TOLERANCE

    def output(self) -> Tensor:
        """The student's output in evaluation mode, with the weights that it has now.

        Raises:
            CheckFailed: as in `pairs`.
        """
        with mode(self._student, training=False), torch.no_grad():
            output = call(self._student, *self._inputs, expected_shape=lambda: self.expected.shape)
        has_shape(output, self.expected.shape, dtype=self.expected.dtype)
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
    """Write weights into layers. A parameter that has none is a bias before BatchNorm: it changes nothing, as zero."""
    with torch.no_grad():
        for layer in layers:
            for name, tensor in layer.tensors.items():
                if name in weights:
                    tensor.copy_(weights[name])
                elif name in layer.parameters:
                    tensor.zero_()
