"""The layer of DenseNet that is right, and the ways in which students get it wrong.

Source: Huang, Liu, van der Maaten, Weinberger 2017, Densely Connected Convolutional Networks, section 3, "DenseNet-B".
A layer may return its new maps only, or the input and the new maps, in either order: three forms of one layer.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.calling import call, mode, require_module
from grader.checks.comparing import OUTPUT_TOLERANCE, distance
from grader.checks.known_mistakes import Suspect
from grader.checks.shapes import has_shape
from grader.errors import CheckFailed
from grader.language import _

BOTTLENECK = 4  # the 1x1 convolution gives this many times the growth rate, section 3

Form = Callable[[Tensor, Tensor], Tensor]


def new_only(_old: Tensor, new: Tensor) -> Tensor:
    """The layer returns its new maps: (N, growth_rate, H, W)."""
    return new


def old_then_new(old: Tensor, new: Tensor) -> Tensor:
    """The layer returns its input and the new maps: (N, in_channels + growth_rate, H, W)."""
    return torch.cat((old, new), 1)


def new_then_old(old: Tensor, new: Tensor) -> Tensor:
    """The layer returns the new maps and its input: (N, growth_rate + in_channels, H, W)."""
    return torch.cat((new, old), 1)


def _sum(old: Tensor, new: Tensor) -> Tensor:
    return old + new


class DenseLayer(nn.Module):
    """The layer that is right. Each mistake below overrides `new_maps` or a part."""

    def __init__(
        self, in_channels: int, growth_rate: int, form: Form = new_only, *, bottleneck: int | None = None
    ) -> None:
        super().__init__()
        width = BOTTLENECK * growth_rate if bottleneck is None else bottleneck
        self.form = form
        self.norm1: nn.Module = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.norm2: nn.Module = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)

    def new_maps(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, growth_rate, H, W)."""
        return self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> what the form says."""
        return self.form(x, self.new_maps(x))


class _NoFirstRelu(DenseLayer):
    def new_maps(self, x: Tensor) -> Tensor:
        return self.conv2(F.relu(self.norm2(self.conv1(self.norm1(x)))))


class _NoSecondRelu(DenseLayer):
    def new_maps(self, x: Tensor) -> Tensor:
        return self.conv2(self.norm2(self.conv1(F.relu(self.norm1(x)))))


class _NoRelu(DenseLayer):
    def new_maps(self, x: Tensor) -> Tensor:
        return self.conv2(self.norm2(self.conv1(self.norm1(x))))


class _ReluAtTheEnd(DenseLayer):
    def new_maps(self, x: Tensor) -> Tensor:
        return F.relu(super().new_maps(x))


class _ReluBeforeNorm(DenseLayer):
    def new_maps(self, x: Tensor) -> Tensor:
        return self.conv2(self.norm2(F.relu(self.conv1(self.norm1(F.relu(x))))))


class _NoFirstNorm(DenseLayer):
    def __init__(self, in_channels: int, growth_rate: int, form: Form = new_only) -> None:
        super().__init__(in_channels, growth_rate, form)
        self.norm1 = nn.Identity()


class _NoSecondNorm(DenseLayer):
    def __init__(self, in_channels: int, growth_rate: int, form: Form = new_only) -> None:
        super().__init__(in_channels, growth_rate, form)
        self.norm2 = nn.Identity()


class _NormUnused(DenseLayer):
    def new_maps(self, x: Tensor) -> Tensor:
        return self.conv2(F.relu(self.conv1(F.relu(self.norm1(x)))))


class _ConvNormRelu(DenseLayer):
    """The order of ResNet: the norms follow their convolutions."""

    def __init__(self, in_channels: int, growth_rate: int, form: Form = new_only) -> None:
        super().__init__(in_channels, growth_rate, form)
        self.norm1 = nn.BatchNorm2d(BOTTLENECK * growth_rate)
        self.norm2 = nn.BatchNorm2d(growth_rate)

    def new_maps(self, x: Tensor) -> Tensor:
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class _ConvReluNorm(_ConvNormRelu):
    def new_maps(self, x: Tensor) -> Tensor:
        return self.norm2(F.relu(self.conv2(self.norm1(F.relu(self.conv1(x))))))


class _ConvNorm(_ConvNormRelu):
    def new_maps(self, x: Tensor) -> Tensor:
        return self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))


class _NoBottleneck(nn.Module):
    """The layer of the plain DenseNet, without the "B"."""

    def __init__(self, in_channels: int, growth_rate: int, form: Form = new_only) -> None:
        super().__init__()
        self.form = form
        self.norm = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, growth_rate, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.form(x, self.conv(F.relu(self.norm(x))))


def dense_layer(in_channels: int, growth_rate: int, form: Form = new_only) -> nn.Module:
    """The layer that is right: (N, in_channels, H, W) -> new maps (N, growth_rate, H, W), or what its form says."""
    return DenseLayer(in_channels, growth_rate, form)


def called_densely(module: nn.Module, x: Tensor) -> Tensor:
    """The module's output in evaluation mode.

    Raises:
        CheckFailed: student code raised; an addition of different numbers of maps is called by its name.
    """
    try:
        with mode(module, training=False), torch.no_grad():
            return call(module, x)
    except CheckFailed as failure:
        if "at non-singleton dimension 1" not in failure.message:
            raise
        raise CheckFailed(failure.message, remedy=_added()) from failure


def _added() -> str:
    return _("Maps are added here, as in ResNet. DenseNet concatenates them along the channels: nothing is mixed.")


def batch_has_grown(output: Tensor, x: Tensor) -> CheckFailed | None:
    """The failure of a module that concatenated along the batch."""
    if output.dim() != x.dim() or output.shape[0] == x.shape[0]:
        return None
    return CheckFailed(
        _("{given} examples went in, {found} came out.").format(given=x.shape[0], found=output.shape[0]),
        remedy=_("`torch.cat` without an axis joins along the batch; the channels are axis 1."),
    )


def layer_form(module: object, x: Tensor, growth_rate: int) -> Form:
    """What a student's layer returns: its new maps, or the input too, before or after them.

    Args:
        module: the student's layer.
        x: what it is called on, (N, in_channels, H, W).
        growth_rate: number of new maps.

    Raises:
        CheckFailed: another shape, or the input is not among the maps as it was.
    """
    output = called_densely(require_module(module), x)
    in_channels = x.shape[1]
    grown = batch_has_grown(output, x)
    if grown is not None:
        raise grown
    found = output.shape[1] if output.dim() == x.dim() else 0
    if found not in {growth_rate, in_channels + growth_rate} and output.shape[2:] == x.shape[2:]:
        raise CheckFailed(
            _(
                "The layer turns {given} maps into {found}. With growth_rate={growth_rate} it returns {growth_rate} "
                "new maps, or {both} together with its input."
            ).format(given=in_channels, found=found, growth_rate=growth_rate, both=in_channels + growth_rate),
            remedy=_("The last convolution has `growth_rate` output channels."),
        )
    channels = growth_rate if found != in_channels + growth_rate else found
    has_shape(output, (x.shape[0], channels, *x.shape[2:]))
    if found == growth_rate:
        return new_only
    if distance(output[:, :in_channels], x) <= OUTPUT_TOLERANCE:
        return old_then_new
    if distance(output[:, growth_rate:], x) <= OUTPUT_TOLERANCE:
        return new_then_old
    raise input_is_lost()


def input_is_lost() -> CheckFailed:
    """The failure of a concatenation in which the input is not what it was."""
    return CheckFailed(
        _("The number of maps is right, but the input is not among them as it was: it was changed on the way."),
        remedy=_("Concatenate the input itself: not what a BatchNorm, a ReLU or an in-place operation made of it."),
    )


def joins_maps(joined: object, old: Tensor, new: Tensor) -> None:
    """The student's function has put the new maps behind the old ones.

    Args:
        joined: what it returned.
        old: (N, C_old, H, W).
        new: (N, C_new, H, W).

    Raises:
        CheckFailed: it is another tensor; the message names the likely mistake.
    """
    expected = old_then_new(old, new)
    if isinstance(joined, Tensor):
        grown = batch_has_grown(joined, old)
        if grown is not None:
            raise grown
        if old.shape == new.shape and distance(joined, old + new) <= OUTPUT_TOLERANCE:
            raise CheckFailed(_("This is the sum of the maps."), remedy=_added())
    has_shape(joined, expected.shape)
    if not isinstance(joined, Tensor) or distance(joined, expected) <= OUTPUT_TOLERANCE:
        return
    if distance(joined, new_then_old(old, new)) <= OUTPUT_TOLERANCE:
        raise CheckFailed(_("The new maps come first; the task puts the old ones first."))
    raise CheckFailed(
        _("The number of maps is right, but they are other maps."),
        remedy=_("First all the old maps, then all the new ones, each as it was."),
    )


LayerFactory = Callable[..., nn.Module]


def wrong_layers() -> list[tuple[LayerFactory, str]]:
    """Layers that are wrong in a known way, called as `(in_channels, growth_rate, form)`, and what to say of them."""
    conv_first = _(
        "The convolution comes before its BatchNorm, as in ResNet. Here the order is BatchNorm, ReLU, convolution."
    )
    no_norm = _("A BatchNorm is missing: there is one before each of the two convolutions.")

    def width_of(factor_of_input: int, factor_of_growth: int) -> LayerFactory:
        def build(in_channels: int, growth_rate: int, form: Form = new_only) -> nn.Module:
            width = factor_of_input * in_channels + factor_of_growth * growth_rate
            return DenseLayer(in_channels, growth_rate, form, bottleneck=width)

        return build

    return [
        (_NoFirstRelu, _("There is no ReLU between the first BatchNorm and the 1x1 convolution.")),
        (_NoSecondRelu, _("There is no ReLU between the second BatchNorm and the 3x3 convolution.")),
        (_NoRelu, _("There is no ReLU at all: each BatchNorm is followed by one.")),
        (_ReluAtTheEnd, _("There is a ReLU after the 3x3 convolution: the layer ends with the convolution.")),
        (_ReluBeforeNorm, _("ReLU comes before BatchNorm. The order is BatchNorm, ReLU, convolution.")),
        (_NormUnused, _("The second BatchNorm is declared and never called.")),
        (_NoFirstNorm, no_norm),
        (_NoSecondNorm, no_norm),
        (_ConvNormRelu, conv_first),
        (_ConvReluNorm, conv_first),
        (_ConvNorm, conv_first),
        (
            _NoBottleneck,
            _("The 1x1 convolution is missing: it comes before the 3x3 one and gives 4 * growth_rate maps."),
        ),
        (width_of(4, 0), _("The 1x1 convolution gives 4 * in_channels maps; it has to give 4 * growth_rate.")),
        (width_of(0, 1), _("The 1x1 convolution gives growth_rate maps; it has to give 4 * growth_rate.")),
    ]


def dense_layer_mistakes(in_channels: int, growth_rate: int, form: Form = new_only) -> list[Suspect]:
    """Layers that are wrong in a known way; the shapes of input and output are right."""
    suspects = [Suspect(partial(build, in_channels, growth_rate, form), text) for build, text in wrong_layers()]
    if in_channels == growth_rate and form is new_only:
        suspects.append(Suspect(partial(DenseLayer, in_channels, growth_rate, _sum), _added()))
    return suspects
