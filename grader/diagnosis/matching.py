"""Whether a changed reference solution behaves exactly as the student's answer, on what a hidden test has called.

Modules are compared as `grader.checks.equivalence` does it: same weights, whatever the layers are called; outputs in
evaluation mode, and where the right solution agrees there, a training step too: outputs, statistics, gradients. An
answer that raises is matched by a change that raises the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from itertools import permutations, product
from typing import Any

import torch
from torch import Tensor, nn

from grader.checks.calling import ORDINARY_ERRORS, call, mode, take_shapes
from grader.checks.comparing import OUTPUT_TOLERANCE, distance, random_output_grad
from grader.checks.equivalence import GRADIENT_TOLERANCE, TrainingStep, training_step
from grader.checks.functions import FunctionModule
from grader.checks.layers import Layer, Signature, layers_of
from grader.checks.pairing import Pair, PairSearch, draw_weights, drawn_weights, evaluated
from grader.diagnosis.values import (
    Comparison,
    Names,
    few_examples,
    first_line,
    local_value,
    plain_error,
    quarter_of_large,
)
from grader.errors import CheckFailed
from grader.examiner.uses import Use

MOST_ORDERS = 12  # of layers that look alike


class _Search(PairSearch):
    """Pairs for a module whose output may have any shape: a mistake may change it."""

    def output(self) -> Tensor:
        with mode(self._student, training=False), torch.no_grad():
            return call(self._student, *self._inputs)


@contextmanager
def _without_initialization() -> Iterator[None]:
    """Inside the block new layers are not filled with random numbers, half of their cost: weights are set anyway."""
    filling = {layer: layer.reset_parameters for layer in (nn.modules.conv._ConvNd, nn.Linear)}
    try:
        for layer in filling:
            layer.reset_parameters = lambda _self: None  # type: ignore[method-assign]
        yield
    finally:
        for layer, function in filling.items():
            layer.reset_parameters = function  # type: ignore[method-assign]


Place = tuple[Signature, int]
Pattern = tuple[int, tuple[tuple[Place, tuple[str, ...]], ...]]


class ModuleMatch:
    """One module of the student's, built and called as the test did.

    Attributes:
        error: what building or calling it raised; empty where it raised nothing.
        is_called: whether the test has called it.

    Args:
        use: what the test did.
        student: the student's class or function.
        right: names of the right solution.
    """

    def __init__(self, use: Use, student: Callable[..., Any], right: Names) -> None:
        self._use = use
        self.error = ""
        given = (use.args if not use.is_module else use.inputs) or ()
        self._inputs = tuple(few_examples(value) for value in given)
        self.is_called = bool(self._inputs)
        self._weights: dict[Place, dict[str, Tensor]] = {}
        self._evaluated: dict[Pattern, Tensor] = {}
        self._steps: dict[Pattern, TrainingStep | str] = {}
        self._output_grad: Tensor | None = None
        self._right: nn.Module | None = None
        self._right_classes: list[tuple[nn.Module, type]] = []
        try:
            if use.is_module and self.is_called:
                self._right = self.built(right, is_filled=True)  # it is called before weights are set
                self._right_classes = [(part, type(part)) for part in self._right.modules()]
            self._student = self._made(student, use.args, use.kwargs)
            take_shapes(self._student, *self._inputs)
            if self.is_called:
                with mode(self._student, training=False), torch.no_grad():
                    call(self._student, *self._inputs)
        except (CheckFailed, *ORDINARY_ERRORS) as error:
            self.error = first_line(error)
            self._aligned: list[Layer] = []
            return
        self._take_less()
        self._aligned = layers_of(self._student)
        self._search = _Search(self._student, self._student, self._inputs)
        self.is_paired = self._align(right)

    def _take_less(self) -> None:
        """Look at a quarter of large pictures, if both the student's module and the right one can."""
        smaller = tuple(map(quarter_of_large, self._inputs))
        if all(less is value for less, value in zip(smaller, self._inputs, strict=True)) or self._right is None:
            return
        try:
            for module in (self._right, self._student):
                with mode(module, training=False), torch.no_grad():
                    call(module, *smaller)
        except (CheckFailed, *ORDINARY_ERRORS):
            return
        self._inputs = smaller

    def _align(self, right: Names) -> bool:
        """Bring the student's layers into the order of the right solution's, where both compute the same."""
        if not self.is_called:
            return False
        try:
            pairs = _Search(self._student, self.built(right), self._inputs).pairs()
        except (CheckFailed, *ORDINARY_ERRORS):
            return False
        if pairs is None:
            return False
        order = {id(pair.reference): number for number, pair in enumerate(pairs)}
        self._aligned = [pair.student for pair in sorted(pairs, key=lambda pair: order[id(pair.reference)])]
        return True

    @cached_property
    def has_other_shape(self) -> bool:
        """Whether the student's output has another shape than the right one."""
        if self._right is None or self.error:
            return False
        self._reset_classes()
        with mode(self._student, training=False), torch.no_grad():
            return call(self._student, *self._inputs).shape != evaluated(self._right, *self._inputs).shape

    @cached_property
    def signatures(self) -> Counter[Signature]:
        """The student's layers, counted."""
        return self.signatures_of(self._aligned)

    @staticmethod
    def signatures_of(layers: list[Layer]) -> Counter[Signature]:
        """Layers, counted by what they are."""
        return Counter(layer.signature for layer in layers)

    def _made(self, maker: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> nn.Module:
        """What a class or a function builds.

        Raises:
            TypeError: no module.
        """
        if not self._use.is_module:
            return FunctionModule(maker)
        with nullcontext() if self.is_called else torch.device("meta"):  # a network that is only counted takes no room
            module = maker(*args, **kwargs)
        if not isinstance(module, nn.Module):
            raise TypeError("no module")
        return module

    def _reclassed(self, names: Names, changed: str) -> nn.Module | None:
        """The right module with the methods of a changed class; None where no part of it is of that class."""
        if self._right is None:
            return None
        self._reset_classes()
        parts = [part for part, own in self._right_classes if own.__name__ == changed]
        for part in parts:
            part.__class__ = names[changed]
        return self._right if parts else None

    def _reset_classes(self) -> None:
        for part, own in self._right_classes:
            part.__class__ = own

    def built(self, names: Names, *, is_filled: bool = False) -> nn.Module:
        """The same of a changed solution.

        Args:
            names: what the changed solution defines.
            is_filled: whether its weights are numbers; else they are whatever lay in memory.

        Raises:
            TypeError: it builds something else.
        """
        args = tuple(local_value(value, names) for value in self._use.args)
        kwargs = {key: local_value(value, names) for key, value in self._use.kwargs.items()}
        with nullcontext() if is_filled else _without_initialization():
            module = self._made(names[self._use.name], args, kwargs)
        take_shapes(module, *self._inputs)
        return module

    def compared(
        self, names: Names, changed: str = "", *, in_order: bool = True, in_any_order: bool = True
    ) -> Comparison:
        """Whether a changed solution behaves as the student's.

        Args:
            names: of the changed solution.
            changed: the class of which only methods are changed and not how it is built; empty for another change.
            in_order: try the layers in the order of registration, which takes no call of the student's.
            in_any_order: try the layers in any order.
        """
        try:
            other = (self._reclassed(names, changed) if changed else None) or self.built(names)
            if self.error:
                with mode(other, training=False), torch.no_grad():
                    call(other, *self._inputs)
                return Comparison(False, self.signatures_of(layers_of(other)))
        except (CheckFailed, *ORDINARY_ERRORS) as error:
            return Comparison(bool(self.error) and plain_error(first_line(error)) == plain_error(self.error))
        except Exception:  # noqa: BLE001  a change may break anything; then it is not what the student wrote
            return Comparison(False)
        if not self.is_called:
            return Comparison([layer.signature for layer in layers_of(other)] == [i.signature for i in self._aligned])
        signatures = self.signatures_of(layers_of(other))
        variants = [number for number, layers in enumerate(self._variant_signatures) if layers == signatures]
        try:
            as_they_are = [number for number in variants if number < len(self._as_they_are)]
            is_same = in_order and any(self._agrees_in_order(other, number) for number in as_they_are)
            if not is_same and in_any_order and not self.is_paired:
                is_same = self._agrees_in_any_order(other, variants)
        except (CheckFailed, *ORDINARY_ERRORS):
            return Comparison(False)
        return Comparison(is_same, signatures)

    def can_lead_to(self, signatures: Counter[Signature]) -> bool:
        """Whether these can be the student's layers, or those of them that take part."""
        return signatures in self._variant_signatures

    @cached_property
    def _variant_signatures(self) -> list[Counter[Signature]]:
        return [self.signatures_of(layers) for layers in self._variants]

    @property
    def has_unused_layers(self) -> bool:
        """Whether some of the student's layers take no part in the output."""
        return len(self._as_they_are) > 1

    @cached_property
    def _as_they_are(self) -> list[list[Layer]]:
        """The student's layers, and without those that take no part: a layer may be left out here, or built in vain."""
        if self.error or not self.is_called:
            return [self._aligned]
        try:
            step = self._step(self._student, is_student=True)
        except (CheckFailed, *ORDINARY_ERRORS):
            return [self._aligned]
        gradients = {} if isinstance(step, str) else step.parameter_gradients
        used = [
            layer
            for layer in self._aligned
            if any(gradients.get(layer.full_name(short)) is not None for short in layer.parameters)
        ]
        return [self._aligned, used] if 0 < len(used) < len(self._aligned) else [self._aligned]

    @cached_property
    def _variants(self) -> list[list[Layer]]:
        """The layers as they are, then with those of one shape in other orders, where these are few."""
        return self._as_they_are + [order for layers in self._as_they_are for order in _other_orders(layers)]

    def _agrees_in_order(self, other: nn.Module, variant: int) -> bool:
        theirs = _numbered(layers_of(other))
        ours = _numbered(self._variants[variant])
        if any(set(layer.tensors) - set(ours[place].tensors) for place, layer in theirs.items()):
            return False
        kept = tuple((place, tuple(sorted(layer.tensors))) for place, layer in sorted(theirs.items()))
        pattern = (variant, kept)
        pairs = [Pair(ours[place], layer) for place, layer in theirs.items()]
        self._fill(theirs)
        output = evaluated(other, *self._inputs)
        if pattern not in self._evaluated:
            self._fill_student(pairs)
            self._evaluated[pattern] = self._search.output()
        if distance(self._evaluated[pattern], output) > OUTPUT_TOLERANCE:
            return False
        self._fill(theirs)
        expected = self._step(other, is_student=False)
        if pattern not in self._steps:
            self._fill(theirs)
            self._fill_student(pairs)
            self._steps[pattern] = self._step(self._student, is_student=True)
        return _is_same_step(pairs, self._steps[pattern], expected)

    def _fill(self, theirs: dict[Place, Layer]) -> None:
        """Give a changed solution's layers the weights of their places, drawn once."""
        with torch.no_grad():
            for place, layer in theirs.items():
                held = self._weights.setdefault(place, {})
                if set(layer.tensors) - set(held):
                    held.update({name: value for name, value in drawn_weights(layer).items() if name not in held})
                for name, tensor in layer.tensors.items():
                    tensor.copy_(held[name])

    def _fill_student(self, pairs: list[Pair]) -> None:
        with torch.no_grad():
            for pair in pairs:
                for name, tensor in pair.student.tensors.items():
                    if name in pair.reference.tensors:
                        tensor.copy_(pair.reference.tensors[name])
                    else:
                        tensor.zero_()

    def _step(self, module: nn.Module, *, is_student: bool) -> TrainingStep | str:
        """A training step; the text of the exception where it raises."""
        if self._output_grad is None:
            self._output_grad = random_output_grad(evaluated(module, *self._inputs))
        try:
            return training_step(module, self._inputs, is_student=is_student, output_grad=self._output_grad)
        except (CheckFailed, *ORDINARY_ERRORS) as error:
            return plain_error(first_line(error))

    def _agrees_in_any_order(self, other: nn.Module, variants: list[int]) -> bool:
        if len(self._variants) > len(self._as_they_are):
            return any(self._agrees_in_order(other, number) for number in variants)
        if self.signatures_of(layers_of(other)) != self.signatures:
            return False
        pairs = self._search.pairs_with(other)
        if pairs is None:
            return False
        draw_weights(pairs)
        kept = [{name: tensor.clone() for name, tensor in pair.reference.tensors.items()} for pair in pairs]
        step = self._step(self._student, is_student=True)
        with torch.no_grad():
            for pair, tensors in zip(pairs, kept, strict=True):
                for name, tensor in pair.reference.tensors.items():
                    tensor.copy_(tensors[name])
        return _is_same_step(pairs, step, self._step(other, is_student=False))


def _numbered(layers: list[Layer]) -> dict[Place, Layer]:
    """Layers by their signature and their number among those of the same signature."""
    seen: Counter[Signature] = Counter()
    found = {}
    for layer in layers:
        found[layer.signature, seen[layer.signature]] = layer
        seen[layer.signature] += 1
    return found


def _other_orders(layers: list[Layer]) -> list[list[Layer]]:
    """The layers with those of one shape in other orders; nothing where there are too many orders."""
    places: dict[Signature, list[int]] = {}
    for number, layer in enumerate(layers):
        places.setdefault(layer.signature, []).append(number)
    groups = list(places.values())
    if math.prod(math.factorial(len(group)) for group in groups) > MOST_ORDERS:
        return []
    found = []
    for orders in product(*(permutations(group) for group in groups)):
        moved = list(layers)
        for group, order in zip(groups, orders, strict=True):
            for place, taken in zip(group, order, strict=True):
                moved[place] = layers[taken]
        found.append(moved)
    return found[1:]  # the first is as they are


def _is_same_step(pairs: list[Pair], step: TrainingStep | str, expected: TrainingStep | str) -> bool:
    if isinstance(step, str) or isinstance(expected, str):
        return step == expected
    if distance(step.output, expected.output) > OUTPUT_TOLERANCE or step.changed_inputs != expected.changed_inputs:
        return False
    for pair in pairs:
        for short in pair.reference.buffers:
            kept = step.buffers.get(pair.student.full_name(short))
            if kept is None or distance(kept, expected.buffers[pair.reference.full_name(short)]) > OUTPUT_TOLERANCE:
                return False
        for short in pair.reference.parameters:
            ours = step.parameter_gradients.get(pair.student.full_name(short))
            theirs = expected.parameter_gradients[pair.reference.full_name(short)]
            if not _is_same_gradient(ours, theirs):
                return False
    return all(map(_is_same_gradient, step.input_gradients, expected.input_gradients))


def _is_same_gradient(ours: Tensor | None, theirs: Tensor | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    # Rounding noise in a bias before BatchNorm is nobody's mistake.
    if max(float(ours.norm()), float(theirs.norm())) < 1e-3:
        return True
    return distance(ours, theirs) <= GRADIENT_TOLERANCE
