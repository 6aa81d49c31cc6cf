"""Read a module as a list of layers.

A student names and orders layers freely, so a layer is known by what it holds: tensors that share a name prefix, and
the shape of the weight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor, nn

Signature = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Parameters and buffers by short name."""
        return {**self.parameters, **self.buffers}

    @cached_property
    def kind(self) -> str:
        """`conv`, `linear` or `norm`, judged by the number of axes of the weight."""
        axes = self._shape_giver.dim()
        return "conv" if axes > 2 else "linear" if axes == 2 else "norm"

    @cached_property
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
    layers = []
    seen: set[int] = set()
    for name, place in module.named_modules():
        layer = Layer(name)
        for table, held in ((place._parameters, layer.parameters), (place._buffers, layer.buffers)):
            for short, tensor in table.items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    held[short] = tensor
        if layer.parameters or layer.buffers:
            layers.append(layer)
    return layers


def by_signature(layers: Iterable[Layer]) -> dict[Signature, list[Layer]]:
    """Layers in groups that hold the same shapes, each in the order in which they came."""
    groups: dict[Signature, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(layer.signature, []).append(layer)
    return groups


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
