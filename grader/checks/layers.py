"""Read a module as a list of layers.

A student names and orders layers freely, so a layer is known by what it holds, and by the shape of the weight. Mostly
that is one submodule's tensors, `weight` and `bias`. Where a submodule has others (`nn.Parameter`s of its own for
`F.conv2d` or `F.batch_norm`, an `nn.ParameterList`), they are put together to layers: a weight and the bias that fits
it, the two parameters and the two statistics of a normalisation. A buffer that is none of these is a constant and
belongs to no layer: what it does shows in what is computed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from grader.language import _

Signature = tuple[str, tuple[int, ...]]

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_OF_A_NORM = re.compile(r"norm|bn|gamma|beta|scale|shift|gain", re.I)
_SHIFTS = re.compile(r"bias|beta|shift|offset|\bb\d*$", re.I)
_PARAMETRIZED = re.compile(r"(?:(?P<place>.*)\.)?parametrizations\.(?P<name>[^.]+)")


@dataclass(frozen=True, eq=False)
class Layer:
    """The tensors of a convolution, a linear layer or a normalisation.

    Attributes:
        name: their prefix, for example `shortcut.0`; the full name of the first one where others have the prefix too.
        parameters: by short name, `weight` and `bias`.
        buffers: by short name, for example `running_mean`.
        full_names: in `state_dict`, by short name, of the tensors that are not called by prefix and short name.
        is_transposed: whether the module holds the weight as inputs x outputs, as in `x @ W`.
    """

    name: str
    parameters: dict[str, Tensor] = field(default_factory=dict)
    buffers: dict[str, Tensor] = field(default_factory=dict)
    full_names: dict[str, str] = field(default_factory=dict)
    is_transposed: bool = False

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
        return self.full_names.get(short_name) or (f"{self.name}.{short_name}" if self.name else short_name)

    def seen(self, short_name: str, value: Tensor, shape: torch.Size) -> Tensor:
        """A tensor or its gradient, held by the module under this name, as a layer of that shape has it."""
        if value.numel() != shape.numel():
            return value
        return (value.t() if self.is_transposed and short_name == "weight" else value).reshape(shape)

    @property
    def is_square(self) -> bool:
        """Whether a linear layer's weight does not show by its shape which axis is which."""
        return self.kind == "linear" and len(set(self.signature[1])) == 1

    def turned(self) -> Layer:
        """The same layer with its linear weight read the other way round."""
        seen = self.parameters["weight"].detach().t()
        return replace(self, parameters={**self.parameters, "weight": seen}, is_transposed=not self.is_transposed)


def layers_of(module: nn.Module) -> list[Layer]:
    """The layers that hold tensors, in the order of registration."""
    layers: list[Layer] = []
    loose: list[_Place] = []
    places = _places(module)
    for place in places:
        if place.is_layer:
            layers.append(place.layer())
        elif place.parameters:
            loose.append(place)
    if not loose:
        return layers
    names = [place.full_name(name) for place in places for name in (*place.parameters, *place.buffers)]
    order = {name: number for number, name in enumerate(names)}
    made = [*layers, *_put_together(loose, layers)]
    return sorted(made, key=lambda layer: min(order[layer.full_name(name)] for name in layer.tensors))


@dataclass(frozen=True)
class _Place:
    """A submodule and the tensors that it holds itself, by short name."""

    name: str
    parameters: dict[str, Tensor] = field(default_factory=dict)
    buffers: dict[str, Tensor] = field(default_factory=dict)
    full_names: dict[str, str] = field(default_factory=dict)

    @property
    def is_layer(self) -> bool:
        """Whether it has what a layer of PyTorch has, and no parameter besides."""
        if not self.parameters:
            return "running_mean" in self.buffers
        is_plain = "weight" in self.parameters and set(self.parameters) <= {"weight", "bias"}
        return is_plain and ("running_mean" in self.buffers or len(self._statistics()) < 2)

    def layer(self) -> Layer:
        """It, as a layer."""
        buffers = {name: self.buffers[name] for name in _STATISTICS if name in self.buffers}
        return Layer(self.name, self.parameters, buffers, self.full_names)

    def full_name(self, short_name: str) -> str:
        """The tensor's name in `state_dict`."""
        return Layer(self.name, full_names=self.full_names).full_name(short_name)

    def statistics(self) -> list[tuple[tuple[str, Tensor], tuple[str, Tensor]]]:
        """Buffers that may be a mean and a variance, with their full names."""
        vectors = self._statistics()
        pairs = []
        for first, second in zip(vectors[::2], vectors[1::2], strict=False):
            if first[1].shape == second[1].shape:
                pairs.append((second, first) if "var" in first[0].rpartition(".")[2] else (first, second))
        return pairs

    def _statistics(self) -> list[tuple[str, Tensor]]:
        return [
            (self.full_name(name), _flat(tensor))
            for name, tensor in self.buffers.items()
            if tensor.is_floating_point() and _is_vector(tensor)
        ]


def _places(module: nn.Module) -> list[_Place]:
    """Submodules with their own tensors, none of them twice; a parametrized tensor is where it is used."""
    places: dict[str, _Place] = {}
    seen: set[int] = set()
    for name, submodule in module.named_modules():
        places[name] = place = _Place(name)
        hidden = _PARAMETRIZED.fullmatch(name)
        host = places.get(hidden["place"] or "") if hidden and list(submodule._parameters) == ["original"] else None
        for table, held in ((submodule._parameters, place.parameters), (submodule._buffers, place.buffers)):
            for short, tensor in table.items():
                if tensor is None or id(tensor) in seen:
                    continue
                seen.add(id(tensor))
                if host is not None and hidden is not None and short == "original":
                    host.parameters[hidden["name"]] = tensor
                    host.full_names[hidden["name"]] = f"{name}.{short}"
                else:
                    held[short] = tensor
    return list(places.values())


def _put_together(places: Sequence[_Place], layers: Sequence[Layer]) -> list[Layer]:
    """Layers made of tensors that lie about in some submodules.

    Args:
        places: the submodules.
        layers: all others; one without a bias may find it in these places.
    """
    norms: list[Layer] = []
    weights: list[Layer] = []
    vectors: list[tuple[str, Tensor]] = []
    for place in places:
        here = [(place.full_name(name), tensor) for name, tensor in place.parameters.items()]
        free = {name: tensor for name, tensor in here if _is_vector(tensor)}
        for mean, variance in place.statistics():
            fits = [name for name, tensor in free.items() if tensor.numel() == mean[1].numel()]
            named = [name for name in fits if _OF_A_NORM.search(name)]
            pair = (named if len(named) > 1 else fits)[:2]
            if len(pair) == 2:
                norms.append(_norm(pair, [_flat(free.pop(name)) for name in pair], mean, variance))
        vectors += [(name, _flat(tensor)) for name, tensor in free.items()]
        weights += [
            Layer(name, {"weight": tensor}, full_names={"weight": name})
            for name, tensor in here
            if not _is_vector(tensor) and tensor.dim() > 1
        ]
        vectors += [(name, tensor) for name, tensor in here if tensor.dim() == 0]
    # A bias belongs to the outputs: to the first axis of a weight as PyTorch has it, to the second one in `x @ W`.
    owned = min((_owned(vectors, weights, layers, axis) for axis in (0, 1)), key=lambda one: one.count(None))
    rest = []
    for (name, tensor), owner in zip(vectors, owned, strict=True):
        if owner is None:
            rest.append(Layer(name, {"weight": tensor}, full_names={"weight": name}))
        else:
            owner.parameters["bias"] = tensor
            owner.full_names["bias"] = name
    return [*weights, *norms, *rest]


def _owned(
    vectors: Sequence[tuple[str, Tensor]], weights: Sequence[Layer], layers: Sequence[Layer], axis: int
) -> list[Layer | None]:
    """For each vector the layer whose bias it may be, if there is one; none gets two."""
    owners: list[Layer | None] = []
    for name, tensor in vectors:
        others = layers if _SHIFTS.search(name) else ()
        fitting = (one for one in weights if one not in owners and _lacks_bias(one, tensor, axis))
        ours = (one for one in others if one not in owners and _lacks_bias(one, tensor, 0))
        owners.append(next(fitting, None) or next(ours, None))
    return owners


def _norm(
    names: Sequence[str], parameters: Sequence[Tensor], mean: tuple[str, Tensor], variance: tuple[str, Tensor]
) -> Layer:
    """A normalisation of two parameters and two statistics."""
    scale, shift = (1, 0) if _SHIFTS.search(names[0]) and not _SHIFTS.search(names[1]) else (0, 1)
    return Layer(
        names[0],
        {"weight": parameters[scale], "bias": parameters[shift]},
        {"running_mean": mean[1], "running_var": variance[1]},
        {"weight": names[scale], "bias": names[shift], "running_mean": mean[0], "running_var": variance[0]},
    )


def _lacks_bias(layer: Layer, vector: Tensor, axis: int) -> bool:
    """Whether the vector may be the bias of a convolution or a linear layer that has none.

    `axis` is the weight's axis of outputs.
    """
    weight = layer.parameters.get("weight")
    return (
        weight is not None
        and weight.dim() > 1
        and "bias" not in layer.parameters
        and vector.dim() == 1
        and (axis == 0 or weight.dim() == 2)
        and weight.shape[axis] == vector.shape[0]
    )


def _is_vector(tensor: Tensor) -> bool:
    """One number for each channel, as (C,) or as (1, C, 1, 1)."""
    return tensor.dim() == 1 or (tensor.dim() == 4 and tensor.shape[0] == 1 and tensor.numel() == tensor.shape[1])


def _flat(tensor: Tensor) -> Tensor:
    """The same numbers as (C,): what is written there stands here too."""
    return tensor if tensor.dim() == 1 else tensor.detach().reshape(-1)


def fitted(layers: Sequence[Layer], others: Sequence[Layer]) -> list[Layer]:
    """The layers, seen in the shapes of others.

    A linear layer over channels may stand for a convolution of 1x1, and a weight may be transposed, as in `x @ W`.

    Only layers that have no equal among the others are changed, and only where the weights have the same numbers of
    outputs and of inputs to each. What is written into a layer is written into the module.

    Args:
        layers: of a student's module.
        others: of the module that it is compared with.
    """
    has = Counter(layer.signature for layer in layers)
    needs = Counter(layer.signature for layer in others)
    extra, missing = has - needs, needs - has
    if not extra or not missing:
        return list(layers)
    found = []
    for layer in layers:
        wanted = next((key for key in missing if missing[key] and _could_be(layer, key)), None)
        if extra[layer.signature] and wanted is not None:
            extra[layer.signature] -= 1
            missing[wanted] -= 1
            found.append(_shaped(layer, wanted))
        else:
            found.append(layer)
    if any(layer.is_transposed and layer.kind == "linear" for layer in found):
        return [layer.turned() if layer.is_square else layer for layer in found]
    return found


def _could_be(layer: Layer, wanted: Signature) -> bool:
    weight = layer.parameters.get("weight")
    if weight is None or weight.dim() < 2 or wanted[0] == "norm" or not weight.is_contiguous():
        return False
    shape = torch.Size(wanted[1])
    if weight.numel() != shape.numel():
        return False
    return (weight.dim() != len(shape) and weight.shape[0] == shape[0]) or _is_turned(weight, shape)


def _is_turned(weight: Tensor, shape: Sequence[int]) -> bool:
    """Whether the weight is inputs x outputs, where the outputs come first in that shape."""
    return weight.dim() == 2 and weight.shape[0] != shape[0] and weight.shape[1] == shape[0]


def _shaped(layer: Layer, wanted: Signature) -> Layer:
    """The layer with its weight seen in the shape of another one that it could be."""
    weight = layer.parameters["weight"].detach()
    is_turned = _is_turned(weight, wanted[1])
    seen = (weight.t() if is_turned else weight).view(wanted[1])
    return replace(layer, parameters={**layer.parameters, "weight": seen}, is_transposed=is_turned)


def layer_named(signature: Signature, *, is_norm: bool) -> str:
    """A layer in words, by what it holds.

    Args:
        signature: of the layer.
        is_norm: whether one of kind `norm` is known to be BatchNorm, and no lone parameter.
    """
    kind, shape = signature
    if kind == "conv" and len(shape) == 4:
        return _("conv {height}x{width} (channels {given} -> {made})").format(
            height=shape[2], width=shape[3], given=shape[1], made=shape[0]
        )
    if kind == "linear":
        return _("linear layer ({given} -> {made})").format(given=shape[1], made=shape[0])
    if kind == "norm" and is_norm:
        return _("BatchNorm (channels: {count})").format(count=shape[0])
    return _("parameter of shape {shape}").format(shape=list(shape))


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
    right = layers_of(reference)
    has = Counter(layer.signature for layer in fitted(layers_of(student), right))
    needs = Counter(layer.signature for layer in right)
    return LayerDifference(missing=needs - has, extra=has - needs)
