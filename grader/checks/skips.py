"""Skip connections between whole layers: maps made to fit, the skip module, deep stacks and their gradients.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, section 3.2, equations 1 and 2. Padding
with zero channels is option A of section 3.3.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.functions import FunctionModule, Lookalike
from grader.checks.suspects import Suspect
from grader.language import _

Sizes = tuple[int, int, int]


def same_padding_mistakes() -> list[Lookalike]:
    """Wrong paddings for a convolution with stride 1 that keeps the size."""
    return [
        Lookalike(lambda size: size - 1, _("This is what both edges need together; `padding` is counted per edge.")),
        Lookalike(lambda size: size, _("With `padding` as large as the kernel the map grows.")),
        Lookalike(lambda size: (size + 1) // 2, _("This is one more than needed: the map grows by 2.")),
        Lookalike(lambda size: 1, _("A padding of 1 fits the kernel 3x3 only.")),
    ]


def pad_to(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
    """Zeros around the maps and behind their channels: (N, C, H, W) -> (N, channels, height, width)."""
    below, right = height - maps.shape[2], width - maps.shape[3]
    edges = (right // 2, right - right // 2, below // 2, below - below // 2, 0, channels - maps.shape[1])
    return F.pad(maps, edges)


Padding = Callable[[Tensor, int, int, int], Tensor]


def pad_to_mistakes(channels: int, height: int, width: int) -> list[Suspect]:
    """Other ways to get the right shape."""
    return [
        Suspect(partial(_padded_module, pad, channels, height, width), message) for pad, message in _wrong_paddings()
    ]


def _padded_module(pad: Padding, channels: int, height: int, width: int) -> nn.Module:
    return FunctionModule(lambda maps: pad(maps, channels, height, width))


def _padding(edge: Callable[[int], int], front: Callable[[int], int], value: float = 0.0) -> Padding:
    """A padding with so much of what is missing at the top and on the left, and in front of the channels."""

    def pad(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
        missing = [width - maps.shape[3], height - maps.shape[2]]
        edges = [number for m in missing for number in (edge(m), m - edge(m))]
        more = channels - maps.shape[1]
        return F.pad(maps, [*edges, front(more), more - front(more)], value=value)

    return pad


def _replicated(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
    below, right = height - maps.shape[2], width - maps.shape[3]
    grown = F.pad(maps, (right // 2, right - right // 2, below // 2, below - below // 2), mode="replicate")
    return F.pad(grown, (0, 0, 0, 0, 0, channels - maps.shape[1]))


def _stretched(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
    return pad_to(F.interpolate(maps, (height, width)), channels, height, width)


def _wrong_paddings() -> list[tuple[Padding, str]]:
    half, none, everything = (lambda m: m // 2), (lambda m: 0), (lambda m: m)
    one_corner = _("The maps lie in a corner of the larger ones; the zeros belong on both sides, half on each.")
    zeros = _("The new places are not filled with zeros.")
    return [
        (_padding(none, none), one_corner),
        (_padding(everything, none), one_corner),
        (
            _padding(half, everything),
            _("The new channels are in front of the old ones; they belong behind them."),
        ),
        (
            _padding(half, half),
            _("The new channels lie on both sides of the old ones; all of them belong behind."),
        ),
        (
            _padding(lambda m: m - m // 2, none),
            _("Where an odd number of rows or columns is missing, the extra one belongs at the bottom or on the right."),
        ),
        (_padding(half, none, value=1.0), zeros),
        (_replicated, zeros),
        (
            _stretched,
            _("The maps were stretched; their numbers stay as they are, and zeros come around them."),
        ),
    ]


def add_maps(first: Tensor, second: Tensor) -> Tensor:
    """The sum after both were padded to the larger number of channels, height and width."""
    return _combined(torch.add, pad_to, first, second)


def _combined(combine: Callable[[Tensor, Tensor], Tensor], pad: Padding, first: Tensor, second: Tensor) -> Tensor:
    channels, height, width = (max(pair) for pair in zip(first.shape[1:], second.shape[1:], strict=True))
    return combine(pad(first, channels, height, width), pad(second, channels, height, width))


def add_maps_mistakes() -> list[Suspect]:
    """Sums of the right shape that are wrong, those of a wrong padding too."""
    wrong: list[tuple[Callable[[Tensor, Tensor], Tensor], str]] = [
        (lambda a, b: a, _("The second maps are not in the sum.")),
        (lambda a, b: b, _("The first maps are not in the sum.")),
        (lambda a, b: a + a, _("The first maps are added to themselves.")),
        (lambda a, b: b + b, _("The second maps are added to themselves.")),
        (lambda a, b: a - b, _("The maps are subtracted.")),
        (lambda a, b: b - a, _("The maps are subtracted.")),
        (lambda a, b: a * b, _("The maps are multiplied.")),
    ]
    functions = [(partial(_combined, combine, pad_to), message) for combine, message in wrong]
    functions += [(partial(_combined, torch.add, pad), message) for pad, message in _wrong_paddings()]
    return [Suspect(partial(FunctionModule, function), message) for function, message in functions]


class Skip(nn.Module):
    """y = F(x) + x, or F(x) + s(x) with a shortcut s (equations 1 and 2 of the paper, without the last ReLU)."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut: nn.Module = nn.Identity() if shortcut is None else shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.shortcut(x)


def conv_relu(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """The branch on which `Skip` is tried: convolution 3x3, BatchNorm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


def skip_block(in_channels: int, out_channels: int, stride: int, has_shortcut: bool) -> Skip:
    """A skip around `conv_relu`, with a 1x1 convolution as its shortcut or without one."""
    return Skip(*_parts(in_channels, out_channels, stride, has_shortcut))


def _parts(in_channels: int, out_channels: int, stride: int, has_shortcut: bool) -> tuple[nn.Module, nn.Module | None]:
    shortcut = nn.Conv2d(in_channels, out_channels, 1, stride=stride) if has_shortcut else None
    return conv_relu(in_channels, out_channels, stride), shortcut


class _ReluAfterAddition(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(super().forward(x))


class _NoAddition(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x)


class _OnlyShortcut(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x)


class _ShortcutOfBranch(Skip):
    def forward(self, x: Tensor) -> Tensor:
        x = self.branch(x)
        return x + self.shortcut(x)


class _IdentityWithShortcut(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + x


class _InputOnTop(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.shortcut(x) + x


class _BranchTwice(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.branch(self.branch(x)) + self.shortcut(x)


class _BranchOfShortcut(Skip):
    def forward(self, x: Tensor) -> Tensor:
        x = self.shortcut(x)
        return self.branch(x) + x


class _Subtraction(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) - self.shortcut(x)


class _ReverseSubtraction(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) - self.branch(x)


class _Product(Skip):
    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) * self.shortcut(x)


def skip_mistakes(in_channels: int, out_channels: int, stride: int, has_shortcut: bool) -> list[Suspect]:
    """Skip modules that are wrong in a known way; the shapes are right."""
    wrong: list[tuple[type[Skip], str]] = [
        (_ReluAfterAddition, _("There is a ReLU after the addition; this module adds, and nothing follows.")),
        (_NoAddition, _("The addition is forgotten: without it this is a plain net, not a residual one.")),
        (_OnlyShortcut, _("The branch is not in the sum.")),
        (_Subtraction, _("The shortcut is subtracted; it is added.")),
        (_ReverseSubtraction, _("The branch is subtracted; it is added.")),
        (_Product, _("Branch and shortcut are multiplied; they are added.")),
    ]
    keeps_channels = in_channels == out_channels
    keeps_shape = keeps_channels and stride == 1
    if keeps_channels:
        wrong += [
            (
                _ShortcutOfBranch,
                _("The identity was taken after `x` had been overwritten: save the input before the branch."),
            ),
            (_BranchTwice, _("The branch is called twice.")),
        ]
    if has_shortcut and keeps_shape:
        wrong += [
            (_IdentityWithShortcut, _("The shortcut module is ignored: x itself is added. Add `shortcut(x)`.")),
            (_InputOnTop, _("Besides `shortcut(x)` also x itself is added.")),
            (_BranchOfShortcut, _("The branch reads what the shortcut gives; both read the input.")),
        ]
    found = [
        Suspect(partial(_built, kind, in_channels, out_channels, stride, has_shortcut), message)
        for kind, message in wrong
    ]
    if has_shortcut:
        message = _("The addition is forgotten: without it this is a plain net, not a residual one.")
        found.append(Suspect(partial(conv_relu, in_channels, out_channels, stride), message))
        if keeps_shape:
            message = _("The shortcut module is ignored: x itself is added. Add `shortcut(x)`.")
            found.append(Suspect(partial(skip_block, in_channels, out_channels, stride, has_shortcut=False), message))
    return found


def _built(kind: type[Skip], in_channels: int, out_channels: int, stride: int, has_shortcut: bool) -> Skip:
    return kind(*_parts(in_channels, out_channels, stride, has_shortcut))


def stack(depth: int, channels: int, skip: bool = False) -> nn.Sequential:
    """`depth` layers, each a 3x3 convolution and Tanh, and with skips each of them in a `Skip`."""
    return nn.Sequential(*[Skip(_layer(channels)) if skip else _layer(channels) for _index in range(depth)])


def _layer(channels: int, *activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), *(activation or (nn.Tanh(),)))


def stack_mistakes(depth: int, channels: int, skip: bool) -> list[Suspect]:
    """Stacks that are wrong in a known way."""

    def of(make: Callable[[int], nn.Module]) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(*[make(index) for index in range(depth)])

    def conv() -> nn.Module:
        return nn.Conv2d(channels, channels, 3, padding=1)

    wrong: list[tuple[Callable[[], nn.Module], str]] = []
    if skip:
        for broken in (_ReluAfterAddition, _ShortcutOfBranch, _BranchTwice, _Subtraction, _Product, _OnlyShortcut):
            wrong.append(
                (
                    of(lambda _index, broken=broken: broken(_layer(channels))),
                    _("The stack is built of a `Skip` that does not give branch(x) + x yet: see the task before."),
                )
            )
        wrong += [
            (partial(stack, depth, channels), _("There are no skips although `skip=True`.")),
            (
                of(lambda _index: nn.Sequential(Skip(conv()), nn.Tanh())),
                _("Tanh follows the addition; it belongs into the branch: Skip(convolution, Tanh)."),
            ),
            (
                of(lambda _index: Skip(conv())),
                _("The branch has no Tanh: without it a stack of convolutions is one convolution."),
            ),
            (
                of(lambda _index: Skip(nn.Sequential(nn.Tanh(), conv()))),
                _("Tanh comes before the convolution; in each layer the convolution is first."),
            ),
            (
                lambda: Skip(stack(depth, channels)),
                _("There is one skip around the whole stack; every layer has a skip of its own."),
            ),
            (
                of(lambda index: Skip(_layer(channels)) if index else _layer(channels)),
                _("The first layer has no skip; every layer has one."),
            ),
            (
                of(lambda index: _layer(channels) if index == depth - 1 else Skip(_layer(channels))),
                _("The last layer has no skip; every layer has one."),
            ),
            (
                of(lambda _index: nn.Sequential(nn.Tanh(), Skip(conv()))),
                _("Tanh comes before the convolution and changes the skip too; the branch is convolution, Tanh."),
            ),
        ]
    else:
        wrong += [
            (partial(stack, depth, channels, skip=True), _("There are skips although `skip=False`.")),
            (of(lambda _index: conv()), _("There is no Tanh: without it a stack of convolutions is one convolution.")),
            (
                lambda: nn.Sequential(*stack(depth, channels)[:-1], conv()),
                _("There is no Tanh after the last convolution; in this stack every convolution has one."),
            ),
        ]
    for kind in (nn.ReLU, nn.Sigmoid, nn.GELU):
        wrong.append(
            (
                of(lambda _i, kind=kind: Skip(_layer(channels, kind())) if skip else _layer(channels, kind())),
                _("The activation is not Tanh."),
            )
        )
    return [Suspect(build, message) for build, message in wrong]


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


def gradient_norm_mistakes() -> list[Lookalike]:
    """Wrong norms of gradients."""

    def mean_square(output: Tensor) -> Tensor:
        return output.square().mean()

    def with_norm(norm: Callable[[Tensor], Tensor], message: str) -> Lookalike:
        return Lookalike(partial(_norms, loss=mean_square, norm=norm), message)

    def with_loss(loss: Callable[[Tensor], Tensor], message: str) -> Lookalike:
        return Lookalike(partial(_norms, loss=loss, norm=lambda gradient: gradient.norm()), message)

    other_loss = _("The loss is another: it is the mean of the squares of the outputs.")
    return [
        Lookalike(
            lambda weights, x: [float(weight.norm()) for weight in weights],
            _("These are the norms of the weights; the norms of their gradients, `p.grad`, are asked for."),
        ),
        Lookalike(
            lambda weights, x: gradient_norms(weights, x)[::-1],
            _("The order is reversed: the list begins with the first layer."),
        ),
        Lookalike(
            partial(_norms, loss=mean_square, norm=lambda gradient: gradient.norm(), biases=True),
            _("The biases are in the list too; weights are the parameters with more than one axis."),
        ),
        with_norm(lambda g: g.square().sum(), _("The square root is missing.")),
        with_norm(lambda g: g.abs().sum(), _("This is the sum of absolute values; the norm is the root of the sum of squares.")),
        with_norm(lambda g: g.abs().mean(), _("This is a mean; the norm is the root of the sum of squares.")),
        with_norm(lambda g: g.abs().max(), _("This is the largest number; the norm is the root of the sum of squares.")),
        with_norm(lambda g: g.sum(), _("This is a sum; the norm is the root of the sum of squares.")),
        with_norm(lambda g: g.mean(), _("This is a mean; the norm is the root of the sum of squares.")),
        with_loss(torch.sum, other_loss),
        with_loss(torch.mean, other_loss),
        with_loss(lambda output: output.square().sum(), other_loss),
        with_loss(lambda output: output.norm(), other_loss),
        with_loss(lambda output: output.abs().mean(), other_loss),
    ]


def accumulation_mistakes() -> list[Lookalike]:
    """What the second call in a row gives where gradients pile up."""
    return [
        Lookalike(
            lambda weights, x: [2 * norm for norm in gradient_norms(weights, x)],
            _("The second call gives twice as much: the old gradients are still there. Call `net.zero_grad()` first."),
        )
    ]
