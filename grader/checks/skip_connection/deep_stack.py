"""A deep row of convolutions, plain and with skips, and how much gradient each of its layers gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.known_mistakes import Suspect, WrongFormula
from grader.checks.skip_connection.module import Skip, broken_skips
from grader.language import _


def stack(depth: int, channels: int, skip: bool = False) -> nn.Sequential:
    """`depth` layers, each a 3x3 convolution and Tanh, and with skips each of them in a `Skip`."""
    return _row(depth, lambda: Skip(_layer(channels)) if skip else _layer(channels))


def _row(depth: int, make: Callable[[], nn.Module]) -> nn.Sequential:
    return nn.Sequential(*[make() for _index in range(depth)])


def _conv(channels: int) -> nn.Module:
    return nn.Conv2d(channels, channels, 3, padding=1)


def _layer(channels: int, activation: type[nn.Module] = nn.Tanh) -> nn.Sequential:
    return nn.Sequential(_conv(channels), activation())


def _skip_layer(channels: int, kind: type[Skip] = Skip, activation: type[nn.Module] = nn.Tanh) -> Skip:
    return kind(_layer(channels, activation))


def stack_mistakes(depth: int, channels: int, skip: bool) -> list[Suspect]:
    """Stacks that are wrong in a known way."""
    wrong = _skip_stack_mistakes(depth, channels) if skip else _plain_stack_mistakes(depth, channels)
    layer = _skip_layer if skip else _layer
    wrong += [
        (partial(_row, depth, partial(layer, channels, activation=kind)), _("The activation is not Tanh."))
        for kind in (nn.ReLU, nn.Sigmoid, nn.GELU)
    ]
    return [Suspect(build, message) for build, message in wrong]


def _plain_stack_mistakes(depth: int, channels: int) -> list[tuple[Callable[[], nn.Module], str]]:
    return [
        (partial(stack, depth, channels, skip=True), _("There are skips although `skip=False`.")),
        (
            partial(_row, depth, partial(_conv, channels)),
            _("There is no Tanh: without it a stack of convolutions is one convolution."),
        ),
        (
            lambda: nn.Sequential(stack(depth - 1, channels), _conv(channels)),
            _("There is no Tanh after the last convolution; in this stack every convolution has one."),
        ),
        (
            partial(_row, depth, lambda: nn.Sequential(nn.Tanh(), _conv(channels))),
            _("Tanh comes before the convolution; in each layer the convolution is first."),
        ),
    ]


def _skip_stack_mistakes(depth: int, channels: int) -> list[tuple[Callable[[], nn.Module], str]]:
    broken = _("The stack is built of a `Skip` that does not give branch(x) + x yet: see the task before.")
    return [
        (partial(stack, depth, channels), _("There are no skips although `skip=True`.")),
        (
            partial(_row, depth, lambda: nn.Sequential(Skip(_conv(channels)), nn.Tanh())),
            _("Tanh follows the addition; it belongs into the branch: Skip(convolution, Tanh)."),
        ),
        (
            partial(_row, depth, lambda: Skip(_conv(channels))),
            _("The branch has no Tanh: without it a stack of convolutions is one convolution."),
        ),
        (
            partial(_row, depth, lambda: Skip(nn.Sequential(nn.Tanh(), _conv(channels)))),
            _("Tanh comes before the convolution; in each layer the convolution is first."),
        ),
        (
            partial(_row, depth, lambda: nn.Sequential(nn.Tanh(), Skip(_conv(channels)))),
            _("Tanh comes before the convolution and changes the skip too; the branch is convolution, Tanh."),
        ),
        (
            lambda: Skip(stack(depth, channels)),
            _("There is one skip around the whole stack; every layer has a skip of its own."),
        ),
        (
            lambda: nn.Sequential(_layer(channels), stack(depth - 1, channels, skip=True)),
            _("The first layer has no skip; every layer has one."),
        ),
        (
            lambda: nn.Sequential(stack(depth - 1, channels, skip=True), _layer(channels)),
            _("The last layer has no skip; every layer has one."),
        ),
        *[(partial(_row, depth, partial(_skip_layer, channels, kind)), broken) for kind in broken_skips()],
    ]


def gradient_norms(weights: Sequence[Tensor], x: Tensor) -> list[float]:
    """Norms of the gradients of the mean square of the output, layer by layer: convolutions with Tanh behind each.

    Args:
        weights: of the convolutions, (C_out, C_in, k, k) with odd k; every bias is 0.1.
        x: input, (N, C_in, H, W).
    """
    return _norms(weights, x, lambda output: output.square().mean(), lambda gradient: gradient.norm())


def _norms(
    weights: Sequence[Tensor],
    x: Tensor,
    loss: Callable[[Tensor], Tensor],
    norm: Callable[[Tensor], Tensor],
    biases: bool = False,
) -> list[float]:
    leaves = [weight.detach().clone().requires_grad_() for weight in weights]
    shifts = [torch.full((len(weight),), 0.1, requires_grad=True) for weight in weights]
    output = x
    for weight, shift in zip(leaves, shifts, strict=True):
        output = torch.tanh(F.conv2d(output, weight, shift, padding=weight.shape[-1] // 2))
    asked = [leaf for pair in zip(leaves, shifts, strict=True) for leaf in pair] if biases else leaves
    return [float(norm(gradient)) for gradient in torch.autograd.grad(loss(output), asked)]


def gradient_norm_mistakes() -> list[WrongFormula]:
    """Wrong norms of gradients."""

    def mean_square(output: Tensor) -> Tensor:
        return output.square().mean()

    def with_norm(norm: Callable[[Tensor], Tensor], message: str) -> WrongFormula:
        return WrongFormula(partial(_norms, loss=mean_square, norm=norm), message)

    def with_loss(loss: Callable[[Tensor], Tensor], message: str) -> WrongFormula:
        return WrongFormula(partial(_norms, loss=loss, norm=lambda gradient: gradient.norm()), message)

    other_loss = _("The loss is another: it is the mean of the squares of the outputs.")
    return [
        WrongFormula(
            lambda weights, x: [float(weight.norm()) for weight in weights],
            _("These are the norms of the weights; the norms of their gradients, `p.grad`, are asked for."),
        ),
        WrongFormula(
            lambda weights, x: gradient_norms(weights, x)[::-1],
            _("The order is reversed: the list begins with the first layer."),
        ),
        WrongFormula(
            partial(_norms, loss=mean_square, norm=lambda gradient: gradient.norm(), biases=True),
            _("The biases are in the list too; weights are the parameters with more than one axis."),
        ),
        with_norm(lambda g: g.square().sum(), _("The square root is missing.")),
        with_norm(
            lambda g: g.abs().sum(),
            _("This is the sum of absolute values; the norm is the root of the sum of squares."),
        ),
        with_norm(lambda g: g.abs().mean(), _("This is a mean; the norm is the root of the sum of squares.")),
        with_norm(
            lambda g: g.abs().max(), _("This is the largest number; the norm is the root of the sum of squares.")
        ),
        with_norm(lambda g: g.sum(), _("This is a sum; the norm is the root of the sum of squares.")),
        with_norm(lambda g: g.mean(), _("This is a mean; the norm is the root of the sum of squares.")),
        with_loss(torch.sum, other_loss),
        with_loss(torch.mean, other_loss),
        with_loss(lambda output: output.square().sum(), other_loss),
        with_loss(lambda output: output.norm(), other_loss),
        with_loss(lambda output: output.abs().mean(), other_loss),
    ]


def accumulation_mistakes() -> list[WrongFormula]:
    """What the second call in a row gives where gradients pile up."""
    return [
        WrongFormula(
            lambda weights, x: [2 * norm for norm in gradient_norms(weights, x)],
            _("The second call gives twice as much: the old gradients are still there. Call `net.zero_grad()` first."),
        )
    ]
