"""The skip module around any branch, and the ways in which students get it wrong.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, section 3.2, equations 1 and 2.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.known_mistakes import Suspect
from grader.language import _


class Skip(nn.Module):
    """y = F(x) + x, or F(x) + s(x) with a shortcut s (equations 1 and 2 of the paper, without the last ReLU)."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut: nn.Module = nn.Identity() if shortcut is None else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
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
                _(
                    "The branch is added to itself, not to the input: either `x` had been overwritten before the "
                    "addition, or the branch stands there twice."
                ),
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


def broken_skips() -> list[type[Skip]]:
    """Kinds of `Skip` that are wrong without a shortcut module, too."""
    return [_ReluAfterAddition, _ShortcutOfBranch, _BranchTwice, _Subtraction, _Product, _OnlyShortcut]
