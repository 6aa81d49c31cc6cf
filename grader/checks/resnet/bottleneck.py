"""The bottleneck block that is right, and the ways in which students get it wrong.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, figure 5. The stride is in the 3x3
convolution, as in torchvision ("v1.5"); the paper has it in the first 1x1. The oracle is torchvision's own block.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import Bottleneck as TorchvisionBottleneck

from grader.checks.cases import Case
from grader.checks.known_mistakes import Suspect
from grader.checks.resnet.block import basic_block_cases
from grader.checks.resnet.parts import (
    ResidualBlock,
    addition_alone,
    changes_shape,
    mistakes_of_identity,
    mistakes_of_order,
    mistakes_of_projection,
    projection,
)
from grader.language import _

EXPANSION = 4


def bottleneck(in_channels: int, out_channels: int, stride: int = 1) -> nn.Module:
    """The block that is right: (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
    sizes = (in_channels, out_channels, stride)
    downsample = projection(*sizes) if changes_shape(*sizes) else None
    block: nn.Module = TorchvisionBottleneck(in_channels, out_channels // EXPANSION, stride, downsample)
    return block


class _Bottleneck(ResidualBlock):
    """Parts of a bottleneck; each mistake below puts them together in its own way.

    Args:
        in_channels, out_channels, stride: as in `bottleneck`.
        narrow: channels of the 3x3 convolution, a quarter of `out_channels` where it is right.
        strides: of the three convolutions.
        parts: as in `ResidualBlock.finish`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        *,
        narrow: int | None = None,
        strides: Sequence[int] | None = None,
        **parts: Any,
    ) -> None:
        super().__init__()
        narrow = out_channels // EXPANSION if narrow is None else narrow
        first, second, third = (1, stride, 1) if strides is None else strides
        self.conv1 = nn.Conv2d(in_channels, narrow, 1, stride=first, bias=False)
        self.bn1 = nn.BatchNorm2d(narrow)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, stride=second, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(narrow)
        self.conv3 = nn.Conv2d(narrow, out_channels, 1, stride=third, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.finish((in_channels, out_channels, stride), **parts)

    def branch(self, x: Tensor) -> Tensor:
        """The residual branch F(x)."""
        x = F.relu(self.bn1(self.conv1(x)))
        return self.bn3(self.conv3(F.relu(self.bn2(self.conv2(x)))))


class _OtherBranch(_Bottleneck):
    """Without one of the two inner ReLUs, or with one BatchNorm in the place of another."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, *, relus: Sequence[bool] = (True, True), norm: int = 2
    ) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.relus = relus
        self.second_norm = self.bn1 if norm == 1 else self.bn2

    def branch(self, x: Tensor) -> Tensor:
        """The residual branch with its mistake."""
        first, second = (F.relu if has_relu else nn.Identity() for has_relu in self.relus)
        x = first(self.bn1(self.conv1(x)))
        return self.bn3(self.conv3(second(self.second_norm(self.conv2(x)))))


class _NoLastNorm(_Bottleneck):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.bn3 = nn.Identity()  # type: ignore[assignment]


class _PreActivation(_Bottleneck):
    """He et al. 2016, Identity Mappings in Deep Residual Networks, figure 1 (b)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride, order=addition_alone)
        self.bn1, self.bn3 = nn.BatchNorm2d(in_channels), nn.BatchNorm2d(out_channels // EXPANSION)

    def branch(self, x: Tensor) -> Tensor:
        """The residual branch of ResNet v2."""
        x = self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))
        return self.conv3(F.relu(self.bn3(x)))


def bottleneck_cases(channels: int = 24, more_channels: int = 32) -> list[Case]:
    """The four kinds of shortcut, for `same_function_in_cases`: arguments (in_channels, out_channels, stride)."""
    return basic_block_cases(channels, more_channels)


def bottleneck_mistakes(in_channels: int, out_channels: int, stride: int = 1) -> list[Suspect]:
    """Blocks that are wrong in a known way; the shapes of input and output are right."""
    sizes = (in_channels, out_channels, stride)
    block = partial(_Bottleneck, *sizes)
    suspects = mistakes_of_order(block, partial(_PreActivation, *sizes), _mistakes_inside(*sizes))
    suspects += _mistakes_of_layers(*sizes)
    if stride != 1:
        suspects += _mistakes_of_stride(*sizes)
    return suspects + (mistakes_of_projection(block) if changes_shape(*sizes) else mistakes_of_identity(block))


def _mistakes_inside(*sizes: int) -> list[Suspect]:
    return [
        Suspect(
            partial(_OtherBranch, *sizes, relus=(False, True)),
            _("There is no ReLU after the first convolution of the branch and its BatchNorm."),
        ),
        Suspect(
            partial(_OtherBranch, *sizes, relus=(True, False)),
            _("There is no ReLU after the 3x3 convolution and its BatchNorm."),
        ),
        Suspect(
            partial(_OtherBranch, *sizes, relus=(False, False)),
            _("There is no ReLU between the convolutions of the branch."),
        ),
    ]


def _mistakes_of_layers(in_channels: int, out_channels: int, stride: int) -> list[Suspect]:
    sizes = (in_channels, out_channels, stride)
    narrow = out_channels // EXPANSION
    wider = _("Inside the block there are {found} channels, expected {expected}: a quarter of `out_channels`.")
    return [
        Suspect(
            partial(_OtherBranch, *sizes, norm=1),
            _("The first BatchNorm is used after two convolutions, and another one is declared and never called."),
        ),
        Suspect(partial(_NoLastNorm, *sizes), _("There is no BatchNorm after the last convolution of the branch.")),
        *(
            Suspect(partial(_Bottleneck, *sizes, narrow=found), wider.format(found=found, expected=narrow))
            for found in sorted({out_channels, out_channels // 2, in_channels, in_channels // EXPANSION} - {narrow})
        ),
    ]


def _mistakes_of_stride(in_channels: int, out_channels: int, stride: int) -> list[Suspect]:
    sizes = (in_channels, out_channels, stride)
    return [
        Suspect(
            partial(_Bottleneck, *sizes, strides=(stride, 1, 1)),
            _("The stride is in the first 1x1 convolution, as in the paper of 2015. The task asks for the 3x3 one."),
        ),
        Suspect(
            partial(_Bottleneck, *sizes, strides=(1, 1, stride)),
            _("The stride is in the last 1x1 convolution; it belongs into the 3x3 one."),
        ),
    ]
