"""The residual block that is right, and the ways in which students get it wrong.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, figure 2. The oracle is
torchvision's own block. A mistake is a block too: a student's block that equals it is told what it is.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock as TorchvisionBlock

from grader.checks.cases import Case
from grader.checks.known_mistakes import Suspect
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


def _conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)


def basic_block(in_channels: int, out_channels: int, stride: int = 1) -> nn.Module:
    """The block that is right: (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
    changes = changes_shape(in_channels, out_channels, stride)
    downsample = projection(in_channels, out_channels, stride) if changes else None
    block: nn.Module = TorchvisionBlock(in_channels, out_channels, stride, downsample)
    return block


class _Block(ResidualBlock):
    """Parts of a basic block; each mistake below puts them together in its own way."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, **parts: Any) -> None:
        super().__init__()
        self.conv1 = _conv3x3(in_channels, out_channels, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = _conv3x3(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.finish((in_channels, out_channels, stride), **parts)

    def branch(self, x: Tensor) -> Tensor:
        """The residual branch F(x), equation 1 of the paper."""
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))


class _NoReluBetweenConvolutions(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(self.bn1(self.conv1(x))))


class _FirstNormTwice(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn1(self.conv2(F.relu(self.bn1(self.conv1(x)))))


class _FirstConvTwice(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv1(F.relu(self.bn1(self.conv1(x)))))


class _SecondConvReadsInput(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(x))


class _StrideInSecondConv(_Block):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.conv1 = _conv3x3(in_channels, out_channels)
        self.conv2 = _conv3x3(out_channels, out_channels, stride)


class _PreActivation(_Block):
    """He et al. 2016, Identity Mappings in Deep Residual Networks, figure 1 (b)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride, order=addition_alone)
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def branch(self, x: Tensor) -> Tensor:
        return self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))


class _NoNormInBranch(_Block):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.bn2 = nn.Identity()  # type: ignore[assignment]


def basic_block_cases(channels: int = 12, more_channels: int = 20) -> list[Case]:
    """The four kinds of shortcut, for `same_function_in_cases`: arguments (in_channels, out_channels, stride)."""
    return [
        Case((channels, channels, 1), _("where the shortcut is the identity")),
        Case((channels, channels, 2), _("where only the stride changes")),
        Case((channels, more_channels, 1), _("where only the number of channels changes")),
        Case((channels, more_channels, 2), _("where stride and channels change")),
    ]


def basic_block_mistakes(in_channels: int, out_channels: int, stride: int = 1) -> list[Suspect]:
    """Blocks that are wrong in a known way; the shapes of input and output are right."""
    sizes = (in_channels, out_channels, stride)
    block = partial(_Block, *sizes)
    inside = [Suspect(partial(_NoReluBetweenConvolutions, *sizes), _("There is no ReLU between the two convolutions."))]
    suspects = [
        *mistakes_of_order(block, partial(_PreActivation, *sizes), inside),
        Suspect(
            partial(_FirstNormTwice, *sizes),
            _("The first BatchNorm is used after both convolutions, the second one is declared and never called."),
        ),
        Suspect(
            partial(_NoNormInBranch, *sizes),
            _("There is no BatchNorm after the second convolution."),
        ),
    ]
    if not changes_shape(*sizes):
        return [*suspects, *_mistakes_of_convolutions(*sizes), *mistakes_of_identity(block)]
    suspects += mistakes_of_projection(block)
    if stride != 1:
        suspects.append(
            Suspect(
                partial(_StrideInSecondConv, *sizes),
                _("The stride is in the second convolution; it belongs into the first."),
            )
        )
    return suspects


def _mistakes_of_convolutions(*sizes: int) -> list[Suspect]:
    return [
        Suspect(
            partial(_SecondConvReadsInput, *sizes),
            _("The second convolution reads the block's input instead of the output of the first."),
        ),
        Suspect(
            partial(_FirstConvTwice, *sizes),
            _("The first convolution is used twice, the second one is declared and never called."),
        ),
    ]
