"""Read a module as a list of layers, and pair the layers of two modules.

A student names and orders layers freely, so a layer is known by what it holds: tensors that share a name prefix, and
the shape of the weight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, permutations, product
from math import prod

from torch import Tensor, nn

# Each try copies the weights and runs a forward pass: a block needs at most a dozen, 200 cost about a second.
MAX_PAIRINGS = 200
# Permutations of at most this many equal layers are searched in full (5! = 120); longer lists by moving one layer.
_MAX_PERMUTED = 5

Signature = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Layer:
    """Tensors with one name prefix: a convolution, a linear layer or a normalisation.

    Attributes:
        name: the prefix, for example `shortcut.0`.
        parameters: by short name, `weight` and `bias`.
        buffers: by short name, for example `running_mean`.
    """

    name: str
    parameters: dict[str, Tensor] = field(default_factory=dict)
    buffers: dict[str, Tensor] = field(default_factory=dict)

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        """Parameters and buffers by short name."""
        return {**self.parameters, **self.buffers}

    @property
    def kind(self) -> str:
        """`conv`, `linear` or `norm`, judged by the number of axes of the weight."""
        axes = self._shape_giver.dim()
        return "conv" if axes > 2 else "linear" if axes == 2 else "norm"

    @property
    def signature(self) -> Signature:
        """Layers with equal signatures can stand for each other."""
        return self.kind, tuple(self._shape_giver.shape)

    @property
    def _shape_giver(self) -> Tensor:
        return self.tensors.get("weight", next(iter(self.tensors.values())))

    def full_name(self, short_name: str) -> str:
        """The tensor's name in `state_dict`."""
        return f"{self.name}.{short_name}" if self.name else short_name


def layers_of(module: nn.Module) -> list[Layer]:
    """The layers that hold tensors, in the order of registration."""
    layers: dict[str, Layer] = {}
    for name, parameter in module.named_parameters():
        prefix, _dot, short = name.rpartition(".")
        layers.setdefault(prefix, Layer(prefix)).parameters[short] = parameter
    for name, buffer in module.named_buffers():
        prefix, _dot, short = name.rpartition(".")
        layers.setdefault(prefix, Layer(prefix)).buffers[short] = buffer
    return list(layers.values())


@dataclass(frozen=True)
class Pair:
    """A student's layer and the layer of the reference that it stands for."""

    student: Layer
    reference: Layer


@dataclass(frozen=True)
class LayerDifference:
    """Layers that one side has and the other has not, counted by signature."""

    missing: Counter[Signature]
    extra: Counter[Signature]

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra)


def layer_difference(student: nn.Module, reference: nn.Module) -> LayerDifference:
    """What keeps the layers of the two modules from being paired one to one."""
    has = Counter(layer.signature for layer in layers_of(student))
    needs = Counter(layer.signature for layer in layers_of(reference))
    return LayerDifference(missing=needs - has, extra=has - needs)


def lacking_tensors(student: nn.Module, reference: nn.Module) -> list[str]:
    """Full names of tensors that the reference's layers have and the student's, paired in order, have not."""
    first = next(pairings(student, reference))
    return [
        pair.student.full_name(name)
        for pair in first
        for name in pair.reference.tensors
        if name not in pair.student.tensors
    ]


def pairings(student: nn.Module, reference: nn.Module, most: int = MAX_PAIRINGS) -> Iterator[list[Pair]]:
    """Ways to pair the layers, the likeliest first.

    Registration order comes first. Then groups of equal length are permuted alike, because a habit such as "the
    shortcut comes first" repeats in every stage; then every group is permuted for itself.

    Args:
        student: its layers have the same signatures as the reference's, in any order.
        reference: the module that is right.
        most: give up after this many.
    """
    ours, theirs = _by_signature(student), _by_signature(reference)
    lengths = sorted({len(group) for group in theirs.values()})
    alike = (dict(zip(lengths, orders, strict=True)) for orders in _combined([_orders(n) for n in lengths]))
    alike_orders = ({key: by_length[len(group)] for key, group in theirs.items()} for by_length in alike)
    each_orders = (
        dict(zip(theirs, orders, strict=True))
        for orders in _combined([_orders(len(group)) for group in theirs.values()])
    )
    candidates = chain(islice(alike_orders, max(1, most // 2)), each_orders)
    for orders in islice(_distinct(candidates), most):
        yield [
            Pair(ours[key][place], layer)
            for key, group in theirs.items()
            for place, layer in zip(orders[key], group, strict=True)
        ]


def _by_signature(module: nn.Module) -> dict[Signature, list[Layer]]:
    groups: dict[Signature, list[Layer]] = {}
    for layer in layers_of(module):
        groups.setdefault(layer.signature, []).append(layer)
    return groups


def _orders(length: int) -> list[tuple[int, ...]]:
    """Orders of a group, those that move few layers first."""
    start = tuple(range(length))
    if length <= _MAX_PERMUTED:
        return sorted(permutations(start), key=lambda order: sum(a != b for a, b in zip(order, start, strict=True)))
    moved = []
    for source, target in product(start, start):
        rest = [index for index in start if index != source]
        moved.append((*rest[:target], source, *rest[target:]))
    return list(dict.fromkeys([start, *moved]))


def _combined(choices: list[list[tuple[int, ...]]]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Products of the choices; sorted by the sum of places where the list is short enough to be sorted."""
    if prod(len(choice) for choice in choices) > 10_000:
        yield from product(*choices)
        return
    ranked = product(*(list(enumerate(choice)) for choice in choices))
    for row in sorted(ranked, key=lambda row: sum(place for place, _order in row)):
        yield tuple(order for _place, order in row)


def _distinct(candidates: Iterator[dict[Signature, tuple[int, ...]]]) -> Iterator[dict[Signature, tuple[int, ...]]]:
    seen = set()
    for candidate in candidates:
        key = tuple(candidate.items())
        if key not in seen:
            seen.add(key)
            yield candidate
