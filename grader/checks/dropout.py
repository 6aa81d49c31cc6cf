"""Locate dropout in a row of linear layers, and estimate its rates.

Dropout masks are random, and a student may draw them in any way, so they are measured and not compared. The weights
are chosen so that every number in the output is 1 but for dropout. Then zeros in the output tell how often something
behind a given layer was dropped, and the numbers that survive tell whether they were divided by 1 - p.

Source: Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, section 4.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from grader.checks.calling import call, mode, require_module, student_errors_explained, take_shapes
from grader.checks.layers import Layer, layer_difference, layers_of
from grader.checks.pairing import Pair, PairSearch, pairs_in_order
from grader.checks.randomness import drops_out_only_in_training
from grader.errors import CheckFailed
from grader.language import _, percent

_BY_ROUNDING = 0.005  # of all numbers: another order of additions flips a ReLU at zero now and then
_NEGLIGIBLE = 1e-3  # a feature closer to zero than this, relative to the largest, says nothing


def dropout_rates(module: object, reference: nn.Module, x: Tensor, expected: Sequence[float]) -> None:
    """In training mode the module drops as often as expected before and after each linear layer; otherwise never.

    A backward pass with the masks at work has to succeed too: dropout in place destroys what ReLU needs for it.

    Args:
        module: the student's module: anything, then linear layers with ReLU between them, all of one width but for the
            first one's input.
        reference: a module with the same layers that is right; its weights are overwritten.
        x: (N, ...), N times the width of the linear layers at least 4096, so that rates can be told apart.
        expected: one probability more than there are linear layers: before the first, after the first, ..., after the
            last.

    Raises:
        CheckFailed: other places, other probabilities, or numbers that are not scaled; the message has the rates that
            were measured. Or the backward pass raised.
    """
    student = require_module(module)
    take_shapes(student, x)
    drops_out_only_in_training(student, x)
    probe = _Probe(student, reference, x, len(expected) - 1)
    survival = [probe.survival(place) for place in range(len(expected))]
    behind = [*survival[1:], 1.0]
    rates = [1 - here / max(later, 1e-9) for here, later in zip(survival, behind, strict=True)]
    # Rates of early places are quotients of rare events: the standard error of the first one is 0.04.
    tolerances = [0.2, *[0.09] * (len(expected) - 2), 1e-6]
    if all(abs(found - right) <= most for found, right, most in zip(rates, expected, tolerances, strict=True)):
        probe.require_values(math.prod(1 - rate for rate in expected))
        _require_backward(student, x[:2])
        return
    if not probe.is_right_in_evaluation:
        raise CheckFailed(
            _("The module computes something else than expected even without dropout, so dropout cannot be measured."),
            remedy=_("Make the check of the function pass first."),
        )
    raise CheckFailed(
        _("Numbers that are zeroed in `train()` mode: {found}. Expected: {expected}.").format(
            found=_told(rates), expected=_told(expected)
        ),
        remedy=_remedy(rates, expected, probe.count),
    )


def _noticeable(rates: Sequence[float], count: int) -> list[float]:
    """From which rate on there is dropout at a place: where little survives behind it, chance is large."""
    least, behind = [], float(count)
    for rate in reversed(rates):
        least.append(max(0.05, min(0.6, 4 * max(behind, 1.0) ** -0.5)))
        behind *= 1 - max(rate, 0.0)
    return least[::-1]


def _require_backward(student: nn.Module, x: Tensor) -> None:
    """A backward pass in training mode raises nothing."""
    with mode(student, training=True):
        output = call(student, x)
        if output.requires_grad:
            with student_errors_explained((x,)):
                output.sum().backward()
    student.zero_grad(set_to_none=True)


def _told(rates: Sequence[float]) -> str:
    parts = [_("before linear layer 1 {rate:.0%}").format(rate=max(rates[0], 0.0))]
    for place, rate in enumerate(rates[1:], start=1):
        parts.append(_("after layer {number} {rate:.0%}").format(number=place, rate=max(rate, 0.0)))
    return ", ".join(parts)


def _remedy(rates: Sequence[float], expected: Sequence[float], count: int) -> str:
    """What to do; the rates were measured on that many numbers."""
    found = [rate > least for rate, least in zip(rates, _noticeable(rates, count), strict=True)]
    wanted = [rate > 0 for rate in expected]
    if found == wanted:
        return _("The places are right, the probability is not.")
    if found[-1]:
        return _("The last layer gives the answer: no dropout after it.")
    if found[0]:
        return _("There is dropout before the first linear layer; it belongs after the first and after the second.")
    missing = [place for place in range(len(expected)) if wanted[place] and not found[place]]
    return _("Dropout is missing after linear layer {numbers}.").format(numbers=", ".join(map(str, missing)))


class _Probe:
    """One student's module with chosen weights, beside the reference without dropout.

    Attributes:
        is_right_in_evaluation: whether both are the same function without dropout.
        count: of numbers that the latest rate was measured on.
    """

    def __init__(self, student: nn.Module, reference: nn.Module, x: Tensor, depth: int) -> None:
        self._student, self._x = student, x
        self._reference = _without_dropout(reference)
        pairs = _pairs(student, self._reference, x)
        self.is_right_in_evaluation = pairs is not None
        self._pairs = pairs or pairs_in_order(student, self._reference)
        self._chain = [layer for layer in layers_of(self._reference) if layer.kind == "linear"][-depth:]
        last = [pair.student for pair in self._pairs if pair.reference.name == self._chain[-1].name]
        self._ends_with_bias = all("bias" in layer.tensors for layer in last)
        self._ratios = torch.zeros(0)
        self.count = 0

    def survival(self, place: int) -> float:
        """The part of the numbers that nothing at this place or behind it has dropped."""
        if place == len(self._chain) and not self._ends_with_bias:
            return 1.0  # without a bias nothing comes out of a layer that is cut off
        with torch.no_grad():
            for number, layer in enumerate(self._chain, start=1):
                _pass_on(layer, cut=number == place)
            for pair in self._pairs:
                for name, tensor in pair.student.tensors.items():
                    tensor.copy_(pair.reference.tensors[name]) if name in pair.reference.tensors else tensor.zero_()
            with mode(self._reference, training=True):
                right = self._reference(self._x.clone())
            with mode(self._student, training=True):
                found = call(self._student, self._x, expected_shape=lambda: right.shape)
        if found.shape != right.shape:
            raise CheckFailed(_("In `train()` mode the output has another shape than in `eval()` mode."))
        _require_no_softmax(found)
        told = right > _NEGLIGIBLE * right.max()
        ratios = torch.where(told, found / right, 1.0)
        self._require_fresh_masks(ratios, told)
        self.count = ratios.numel()
        if place == 0:
            self._ratios = ratios[told]
        return float((ratios[told] != 0).double().mean())

    def _require_fresh_masks(self, ratios: Tensor, told: Tensor) -> None:
        if not bool(told.all()):
            return
        dropped = ratios == 0
        for axis, where in ((1, _("examples")), (0, _("columns"))):
            share = dropped.double().mean(dim=axis)
            if bool(dropped.any()) and bool(((share == 0) | (share == 1)).all()):
                raise CheckFailed(
                    _("Dropout zeroes whole {where} instead of single numbers.").format(where=where),
                    remedy=_("Use `nn.Dropout` or `F.dropout`."),
                )

    def require_values(self, kept: float) -> None:
        """The numbers that survive are the reference's, divided by the probability to survive."""
        survivors = self._ratios[self._ratios != 0] * kept
        wrong = float(((survivors - 1).abs() > 1e-3).double().mean())
        if wrong < _BY_ROUNDING:
            return
        scale = float(survivors.median())
        if bool(((survivors - scale).abs() <= 1e-3).all()):
            raise CheckFailed(
                _("In `train()` mode the numbers that dropout keeps are {scale:.3g} times the expected ones.").format(
                    scale=scale
                ),
                remedy=_("What survives is divided by 1 - p, so that the mean stays the same; `nn.Dropout` does that."),
            )
        raise CheckFailed(
            _(
                "In `train()` mode {wrong} of the numbers that reach the linear layers are not the expected ones."
            ).format(wrong=percent(wrong)),
            remedy=_("Look at the layers before them that depend on the mode: BatchNorm and Dropout."),
        )


def _require_no_softmax(output: Tensor) -> None:
    """The numbers of an example are no probabilities: with the chosen weights logits are 0, 1 or more."""
    rows = output.flatten(1)
    if rows.shape[1] > 1 and bool((rows > 0).all()) and bool(((rows.sum(dim=1) - 1).abs() < 1e-4).all()):
        raise CheckFailed(
            _("In `train()` mode the numbers of each example are above 0 and add up to 1: that is a softmax."),
            remedy=_("Take it out: the loss applies softmax itself, so the network returns the logits."),
        )


def _without_dropout(reference: nn.Module) -> nn.Module:
    twin = copy.deepcopy(reference)
    for part in twin.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    return twin


def _pairs(student: nn.Module, reference: nn.Module, x: Tensor) -> list[Pair] | None:
    """The student's layers beside the reference's, or `None` where the function is another one."""
    if layer_difference(student, reference):
        raise CheckFailed(
            _("The layers are not the expected ones, so dropout cannot be measured."),
            remedy=_("Make the other checks of this task pass first."),
        )
    return PairSearch(student, reference, (x[:2],)).pairs()


def _pass_on(layer: Layer, *, cut: bool) -> None:
    """Each output of a linear layer is one of its inputs, or 1 if the layer is cut off from them."""
    weight = layer.parameters["weight"]
    weight.zero_()
    if not cut:
        rows = torch.arange(weight.shape[0])
        spread = max(1, weight.shape[1] // weight.shape[0])  # inputs from all channels
        weight[rows, rows * spread % weight.shape[1]] = 1.0
    layer.parameters["bias"].fill_(1.0 if cut else 0.0)
