"""The residual block that is right, and the ways in which students get it wrong.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, figure 2. The oracle is
torchvision's own block. A mistake is a block too: a student's block that equals it is told what it is.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock as TorchvisionBlock

from grader.checks.cases import Case
from grader.checks.suspects import Suspect
from grader.language import _


def _conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)


def projection(in_channels: int, out_channels: int, stride: int, kernel_size: int = 1) -> nn.Sequential:
    """The shortcut of a block that changes the shape: a convolution 1x1 with the stride, and BatchNorm."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=kernel_size // 2, bias=False),
        nn.BatchNorm2d(out_channels),
    )


def changes_shape(in_channels: int, out_channels: int, stride: int) -> bool:
    """Whether the shortcut of such a block needs a projection."""
    return stride != 1 or in_channels != out_channels


def basic_block(in_channels: int, out_channels: int, stride: int = 1) -> nn.Module:
    """The block that is right: (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
    changes = changes_shape(in_channels, out_channels, stride)
    downsample = projection(in_channels, out_channels, stride) if changes else None
    block: nn.Module = TorchvisionBlock(in_channels, out_channels, stride, downsample)
    return block


class _Block(nn.Module):
    """Parts of a basic block; each mistake below puts them together in its own way."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, *, projects: bool | None = None, kernel_size: int = 1
    ) -> None:
        super().__init__()
        self.conv1 = _conv3x3(in_channels, out_channels, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = _conv3x3(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        if projects is None:
            projects = changes_shape(in_channels, out_channels, stride)
        self.shortcut: nn.Module = (
            projection(in_channels, out_channels, stride, kernel_size) if projects else nn.Identity()
        )

    def branch(self, x: Tensor) -> Tensor:
        """The residual branch F(x), equation 1 of the paper."""
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.branch(x) + self.shortcut(x))


class _NoReluAfterAddition(_Block):
    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.shortcut(x)


class _ReluBeforeAddition(_Block):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.branch(x)) + self.shortcut(x)


class _ReluBeforeAndAfterAddition(_Block):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(F.relu(self.branch(x)) + self.shortcut(x))


class _NoReluBetweenConvolutions(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(self.bn1(self.conv1(x))))


class _FirstNormTwice(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn1(self.conv2(F.relu(self.bn1(self.conv1(x)))))


class _FirstConvTwice(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv1(F.relu(self.bn1(self.conv1(x)))))


class _NoAddition(_Block):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.branch(x))


class _SecondConvReadsInput(_Block):
    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(x))


class _IdentityOverwritten(_Block):
    def forward(self, x: Tensor) -> Tensor:
        x = self.branch(x)
        return F.relu(x + x)


class _ReluOnInput(_Block):
    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        return F.relu(self.branch(x) + self.shortcut(x))


class _StrideInSecondConv(_Block):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.conv1 = _conv3x3(in_channels, out_channels)
        self.conv2 = _conv3x3(out_channels, out_channels, stride)


class _PreActivation(_Block):
    """He et al. 2016, Identity Mappings in Deep Residual Networks, figure 1 (b)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def branch(self, x: Tensor) -> Tensor:
        return self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))

    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.shortcut(x)


class _NoNormInBranch(_Block):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.bn2 = nn.Identity()  # type: ignore[assignment]


class _ShortcutWithoutNorm(_Block):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)


class _NormOnIdentity(_Block):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.shortcut = nn.BatchNorm2d(out_channels)


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
    suspects = [*_mistakes_of_order(*sizes), *_mistakes_of_layers(*sizes)]
    if changes_shape(*sizes):
        return suspects + _mistakes_of_projection(*sizes)
    return suspects + _mistakes_of_identity(*sizes)


def _mistakes_of_order(*sizes: int) -> list[Suspect]:
    return [
        Suspect(
            partial(_NoReluAfterAddition, *sizes),
            _("There is no ReLU after the addition: the output has negative numbers."),
        ),
        Suspect(
            partial(_ReluBeforeAddition, *sizes),
            _("ReLU is applied before the addition instead of after it: first add, then ReLU."),
        ),
        Suspect(
            partial(_ReluBeforeAndAfterAddition, *sizes),
            _("ReLU is applied before and after the addition. The branch ends with BatchNorm, one ReLU follows it."),
        ),
        Suspect(
            partial(_NoReluBetweenConvolutions, *sizes),
            _("There is no ReLU between the two convolutions."),
        ),
        Suspect(
            partial(_ReluOnInput, *sizes),
            _("ReLU is applied to the input of the block; its first operation should be a convolution."),
        ),
        Suspect(
            partial(_PreActivation, *sizes),
            _("This is the pre-activation order (ResNet v2: BN, ReLU, conv). The task asks for conv, BN, ReLU."),
        ),
        Suspect(
            partial(_IdentityOverwritten, *sizes, projects=False),
            _("The identity was taken after `x` had been overwritten: save the input before the first convolution."),
        ),
        Suspect(
            partial(_NoAddition, *sizes),
            _("The addition is forgotten: without it this is a plain net, not a residual one."),
        ),
    ]


def _mistakes_of_layers(*sizes: int) -> list[Suspect]:
    return [
        Suspect(
            partial(_FirstNormTwice, *sizes),
            _("The first BatchNorm is used after both convolutions, the second one is declared and never called."),
        ),
        Suspect(
            partial(_NoNormInBranch, *sizes),
            _("There is no BatchNorm after the second convolution."),
        ),
    ]


def _mistakes_of_projection(in_channels: int, out_channels: int, stride: int) -> list[Suspect]:
    sizes = (in_channels, out_channels, stride)
    suspects = [
        Suspect(
            partial(_NoAddition, *sizes, projects=False),
            _("The addition is forgotten: without it this is a plain net, not a residual one."),
        ),
        Suspect(
            partial(_ShortcutWithoutNorm, *sizes),
            _("The shortcut has a convolution and no BatchNorm after it."),
        ),
        Suspect(
            partial(_Block, *sizes, kernel_size=3),
            _("The shortcut has a 3x3 convolution; a 1x1 one is expected."),
        ),
    ]
    if stride != 1:
        suspects.append(
            Suspect(
                partial(_StrideInSecondConv, *sizes),
                _("The stride is in the second convolution; it belongs into the first."),
            )
        )
    return suspects


def _mistakes_of_identity(*sizes: int) -> list[Suspect]:
    return [
        Suspect(
            partial(_SecondConvReadsInput, *sizes),
            _("The second convolution reads the block's input instead of the output of the first."),
        ),
        Suspect(
            partial(_FirstConvTwice, *sizes),
            _("The first convolution is used twice, the second one is declared and never called."),
        ),
        Suspect(
            partial(_NormOnIdentity, *sizes),
            _("There is a BatchNorm on the shortcut although the shape does not change: leave the input as it is."),
        ),
        Suspect(
            partial(_Block, *sizes, projects=True),
            _("The shortcut has a convolution although the shape does not change: leave the input as it is."),
        ),
    ]
