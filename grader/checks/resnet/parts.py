"""What the blocks of ResNet have in common, whatever their branch: shortcut, addition, and the mistakes in both.

Source: He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, equations 1 and 2.
"""

# mypy: disable-error-code="no-any-return"
# Calling a module is untyped in PyTorch.

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks.known_mistakes import Suspect
from grader.language import _


def projection(in_channels: int, out_channels: int, stride: int, kernel_size: int = 1) -> nn.Sequential:
    """The shortcut of a block that changes the shape: a convolution 1x1 with the stride, and BatchNorm."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=kernel_size // 2, bias=False),
        nn.BatchNorm2d(out_channels),
    )


def changes_shape(in_channels: int, out_channels: int, stride: int) -> bool:
    """Whether the shortcut of such a block needs a projection."""
    return stride != 1 or in_channels != out_channels


def right_shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """A projection where the shape changes, else the identity."""
    sizes = (in_channels, out_channels, stride)
    return projection(*sizes) if changes_shape(*sizes) else nn.Identity()


def _identity(_in_channels: int, _out_channels: int, _stride: int) -> nn.Module:
    return nn.Identity()


def _convolution_alone(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)


def _norm_alone(_in_channels: int, out_channels: int, _stride: int) -> nn.Module:
    return nn.BatchNorm2d(out_channels)


class ResidualBlock(nn.Module):
    """Branch and shortcut, put together. A subclass makes the layers of its branch, then calls `finish`."""

    shortcut: nn.Module
    order: Order

    def finish(
        self, sizes: tuple[int, int, int], make_shortcut: Shortcut = right_shortcut, order: Order | None = None
    ) -> None:
        """Add the shortcut, the last of the layers.

        Args:
            sizes: in_channels, out_channels and stride of the block.
            make_shortcut: makes it from these.
            order: how the output comes from the input; by default as in the paper.
        """
        self.shortcut = make_shortcut(*sizes)
        self.order = order or _relu_after_addition

    def branch(self, x: Tensor) -> Tensor:
        """The residual branch F(x), equation 1 of the paper."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """The output: (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return self.order(self, x)


Shortcut = Callable[[int, int, int], nn.Module]
Order = Callable[[ResidualBlock, Tensor], Tensor]
Block = Callable[..., nn.Module]


def _relu_after_addition(block: ResidualBlock, x: Tensor) -> Tensor:
    return F.relu(block.branch(x) + block.shortcut(x))


def addition_alone(block: ResidualBlock, x: Tensor) -> Tensor:
    """The sum without a ReLU behind it."""
    return block.branch(x) + block.shortcut(x)


def _relu_before_addition(block: ResidualBlock, x: Tensor) -> Tensor:
    return F.relu(block.branch(x)) + block.shortcut(x)


def _relu_before_and_after_addition(block: ResidualBlock, x: Tensor) -> Tensor:
    return F.relu(F.relu(block.branch(x)) + block.shortcut(x))


def _no_addition(block: ResidualBlock, x: Tensor) -> Tensor:
    return F.relu(block.branch(x))


def _relu_on_input(block: ResidualBlock, x: Tensor) -> Tensor:
    return _relu_after_addition(block, F.relu(x))


def _identity_overwritten(block: ResidualBlock, x: Tensor) -> Tensor:
    x = block.branch(x)
    return F.relu(x + x)


def _relu_on_shortcut(block: ResidualBlock, x: Tensor) -> Tensor:
    return F.relu(block.branch(x) + F.relu(block.shortcut(x)))


def mistakes_of_order(block: Block, pre_activation: Block, inside: Sequence[Suspect]) -> list[Suspect]:
    """Right layers in a wrong order.

    Args:
        block: makes the block; takes the keywords of `ResidualBlock.finish`.
        pre_activation: makes the block of ResNet v2.
        inside: the mistakes inside of the branch.
    """
    return [
        Suspect(
            partial(block, order=addition_alone),
            _("There is no ReLU after the addition: the output has negative numbers."),
        ),
        Suspect(
            partial(block, order=_relu_before_addition),
            _("ReLU is applied before the addition instead of after it: first add, then ReLU."),
        ),
        Suspect(
            partial(block, order=_relu_before_and_after_addition),
            _("ReLU is applied before and after the addition. The branch ends with BatchNorm, one ReLU follows it."),
        ),
        Suspect(
            partial(block, order=_relu_on_shortcut),
            _("There is a ReLU on the shortcut: what goes around the branch is added as it is."),
        ),
        *inside,
        Suspect(
            partial(block, order=_relu_on_input),
            _("ReLU is applied to the input of the block; its first operation should be a convolution."),
        ),
        Suspect(
            pre_activation,
            _("This is the pre-activation order (ResNet v2: BN, ReLU, conv). The task asks for conv, BN, ReLU."),
        ),
        Suspect(
            partial(block, order=_identity_overwritten, make_shortcut=_identity),
            _(
                "The branch is added to itself, not to the input: either `x` had been overwritten before the "
                "addition, or the branch stands there twice."
            ),
        ),
        Suspect(
            partial(block, order=_no_addition),
            _("The addition is forgotten: without it this is a plain net, not a residual one."),
        ),
    ]


def mistakes_of_projection(block: Block) -> list[Suspect]:
    """Wrong shortcuts of a block that changes the shape; `block` as in `mistakes_of_order`."""
    return [
        Suspect(
            partial(block, order=_no_addition, make_shortcut=_identity),
            _("The addition is forgotten: without it this is a plain net, not a residual one."),
        ),
        Suspect(
            partial(block, make_shortcut=_convolution_alone),
            _("The shortcut has a convolution and no BatchNorm after it."),
        ),
        Suspect(
            partial(block, make_shortcut=partial(projection, kernel_size=3)),
            _("The shortcut has a 3x3 convolution; a 1x1 one is expected."),
        ),
    ]


def mistakes_of_identity(block: Block) -> list[Suspect]:
    """Wrong shortcuts of a block that keeps the shape; `block` as in `mistakes_of_order`."""
    return [
        Suspect(
            partial(block, make_shortcut=_norm_alone),
            _("There is a BatchNorm on the shortcut although the shape does not change: leave the input as it is."),
        ),
        Suspect(
            partial(block, make_shortcut=projection),
            _("The shortcut has a convolution although the shape does not change: leave the input as it is."),
        ),
    ]
