from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import Suspect, gradients_match, same_function
from grader.checks.layers import layer_named
from grader.checks.resnet.block import basic_block
from grader.errors import CheckFailed, KernelGone, StudentCodeRaised
from grader.language import speaking


def net(*, momentum: float = 0.1, bias: bool = False, dropout: float = 0.0) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=bias),
        nn.BatchNorm2d(6, momentum=momentum),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Conv2d(6, 6, 3, padding=1, bias=bias),
        nn.BatchNorm2d(6, momentum=momentum),
    )


def images() -> Tensor:
    return torch.randn(4, 3, 10, 10)


class Gives(nn.Module):
    """A module with the right layers that returns whatever the test wants."""

    def __init__(self, change: object) -> None:
        super().__init__()
        self.body = net()
        self.change = change

    def forward(self, x: Tensor) -> object:
        return self.change(self.body(x))


class StandIn(nn.Module):
    """Like the examiner's: names, parameters and buffers are there, types of layers are not."""

    def __init__(self, real: nn.Module) -> None:
        super().__init__()
        self.hide = [real]
        for name, parameter in real.named_parameters():
            self.place_of(name).register_parameter(name.rpartition(".")[2], parameter)
        for name, buffer in real.named_buffers():
            self.place_of(name).register_buffer(name.rpartition(".")[2], buffer)

    def place_of(self, name: str) -> nn.Module:
        place: nn.Module = self
        for part in name.split(".")[:-1]:
            if part not in dict(place.named_children()):
                place.add_module(part, nn.Module())
            place = place.get_submodule(part)
        return place

    def train(self, mode: bool = True) -> StandIn:
        super().train(mode)
        if hasattr(self, "hide"):
            self.hide[0].train(mode)
        return self

    def forward(self, x: Tensor) -> object:
        return self.hide[0](x)


def message_of(student: object, reference: nn.Module, *inputs: Tensor, **options: object) -> str:
    with pytest.raises(CheckFailed) as caught:
        same_function(student, reference, *inputs, **options)
    return str(caught.value)


def test_a_module_is_the_same_function_as_its_copy() -> None:
    same_function(net(), net(), images())


def test_a_stand_in_without_types_of_layers_passes() -> None:
    same_function(StandIn(basic_block(6, 8, 2)), basic_block(6, 8, 2), torch.randn(4, 6, 10, 10))


def test_a_stand_in_of_a_wrong_module_fails() -> None:
    wrong = StandIn(nn.Sequential(basic_block(6, 6), nn.Tanh()))
    assert "the values are not" in message_of(wrong, basic_block(6, 6), torch.randn(4, 6, 10, 10))


def test_a_bias_before_batch_norm_is_accepted() -> None:
    same_function(net(bias=True), net(), images())


@pytest.mark.parametrize("seed", [*range(6), 280, 331])  # the last two draw weights that hide a layer at first
def test_any_order_of_registration_is_accepted(seed: int) -> None:
    class Shuffled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            generator = torch.Generator().manual_seed(seed)
            layers = [nn.Conv2d(6, 6, 3, padding=1) if index % 2 == 0 else nn.BatchNorm2d(6) for index in range(10)]
            self.order = layers
            self.registered = nn.ModuleList([layers[i] for i in torch.randperm(10, generator=generator).tolist()])

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.order:
                x = F.relu(layer(x))
            return x

    torch.manual_seed(seed)
    reference = nn.Sequential()
    for _index in range(5):
        reference.extend([nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(6), nn.ReLU()])
    same_function(Shuffled(), reference, torch.randn(4, 6, 8, 8))


@pytest.mark.parametrize("sizes", [(6, 8, 2), (6, 6, 2)])
def test_a_shortcut_that_is_registered_first_takes_no_search(sizes: tuple[int, int, int]) -> None:
    class ShortcutFirst(nn.Module):
        def __init__(self, channels: int, more: int, stride: int) -> None:
            super().__init__()
            self.shortcut = nn.Sequential(nn.Conv2d(channels, more, 1, stride, bias=False), nn.BatchNorm2d(more))
            self.conv1 = nn.Conv2d(channels, more, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(more)
            self.conv2 = nn.Conv2d(more, more, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(more)
            self.passes = 0

        def forward(self, x: Tensor) -> Tensor:
            self.passes += 1
            return F.relu(self.shortcut(x) + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))

    block = ShortcutFirst(*sizes)
    same_function(block, basic_block(*sizes), torch.randn(4, 6, 10, 10))
    # In order, each normalisation behind what it normalises, and the training step.
    assert block.passes == 3


def test_one_swapped_layer_in_a_deep_net_is_noticed() -> None:
    class OneTwice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(6))

        def forward(self, x: Tensor) -> Tensor:
            for index in (0, 1, 2, 2, 4, 5):
                x = torch.tanh(self.layers[index](x))
            return x

    reference = nn.Sequential(*(layer for _ in range(6) for layer in (nn.Linear(8, 8), nn.Tanh())))
    assert "layers.3.weight" in message_of(OneTwice(), reference, torch.randn(5, 8))


def test_dropout_with_the_same_seed_is_the_same_function() -> None:
    same_function(net(dropout=0.5), net(dropout=0.5), images())


def test_dropout_that_should_not_be_there_shows_in_training_mode() -> None:
    assert "`train()` mode it differs" in message_of(net(dropout=0.5), net(), images())


def test_another_momentum_shows_in_the_statistics() -> None:
    assert "statistics in 1." in message_of(net(momentum=0.5), net(), images())


def test_the_callers_random_numbers_and_modes_are_left_alone() -> None:
    student = net().eval()
    torch.manual_seed(1)
    expected = torch.rand(1)
    gradients_seen = images()
    torch.manual_seed(1)
    with torch.random.fork_rng():
        same_function(student, net(), gradients_seen)
    assert torch.equal(torch.rand(1), expected)
    assert not student.training


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: None, "returned None"),
        (lambda y: (y, y), "returned a tuple of 2"),
        (lambda y: {"logits": y}, "returned dict"),
        (lambda y: y * float("nan"), "NaN"),
        (lambda y: y / 0, "NaN or infinite"),
        (lambda y: y.double(), "dtype torch.float64"),
        (lambda y: y[:, :3], "Check the number of output channels"),
        (lambda y: y[:1], "batch"),
        (lambda y: y.flatten(1), "2 axes instead of 4"),
        (lambda y: y.detach(), "no gradient comes back"),
        (lambda y: y * 1.01, "values are not"),
        (lambda y: y @ torch.ones(3, 3), "RuntimeError"),
        (lambda y: y.no_such_thing, "AttributeError"),
    ],
)
def test_an_unexpected_outcome_has_its_own_message(change: object, words: str) -> None:
    assert words in message_of(Gives(change), net(), images())


def test_what_is_not_a_module_is_named() -> None:
    assert "found function" in message_of(lambda x: x, net(), images())


def test_an_error_of_the_students_code_in_the_sandbox_is_explained() -> None:
    def fail(_output: Tensor) -> Tensor:
        raise StudentCodeRaised("TypeError: unsupported operand type(s) for +=: 'Tensor' and 'Sequential'")

    assert "has to be called" in message_of(Gives(fail), net(), images())


def test_a_lost_kernel_is_not_the_students_fault() -> None:
    def fail(_output: Tensor) -> Tensor:
        raise KernelGone("gone")

    with pytest.raises(KernelGone):
        same_function(Gives(fail), net(), images())


def test_nan_that_appears_only_in_training_never_passes() -> None:
    class NanInTraining(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = net()

        def forward(self, x: Tensor) -> Tensor:
            return self.body(x) * (float("nan") if self.training else 1.0)

    assert "NaN" in message_of(NanInTraining(), net(), images())


class NanGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient * float("nan")


def test_nan_gradients_never_pass() -> None:
    assert "gradient of the input" in message_of(Gives(NanGradient.apply), net(), images())


def test_a_missing_layer_is_named_with_its_shape() -> None:
    message = message_of(net()[:5], net(), images())
    assert "missing: BatchNorm (channels: 6)." in message


def test_a_module_without_parameters_is_named() -> None:
    class Hidden(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [net()]

        def forward(self, x: Tensor) -> Tensor:
            return self.layers[0](x)

    assert "no parameters at all" in message_of(Hidden(), net(), images())


def test_a_missing_bias_is_named() -> None:
    student = nn.Sequential(nn.Linear(4, 5, bias=False))
    assert "0.bias" in message_of(student, nn.Sequential(nn.Linear(4, 5)), torch.randn(3, 4))


def test_negative_numbers_point_to_the_last_relu() -> None:
    reference = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    assert "ReLU at the very end" in message_of(nn.Sequential(nn.Linear(4, 5)), reference, torch.randn(9, 4))


def test_a_suspect_gives_its_own_message() -> None:
    suspect = Suspect(nn.Sequential(nn.Linear(4, 5), nn.Tanh()), "It is a tanh.")
    student = nn.Sequential(nn.Linear(4, 5), nn.Tanh())
    reference = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    assert message_of(student, reference, torch.randn(9, 4), suspects=[suspect]) == "It is a tanh."


def test_gradients_false_leaves_the_backward_pass_out() -> None:
    same_function(Gives(lambda y: y.detach()), net(), images(), gradients=False)
    with pytest.raises(CheckFailed, match="no gradient comes back"):
        gradients_match(Gives(lambda y: y.detach()), net(), images())


def test_a_gradient_that_is_off_by_a_half_is_noticed() -> None:
    def half_detached(y: Tensor) -> Tensor:
        return 0.5 * y + 0.5 * y.detach()

    with pytest.raises(CheckFailed, match="gradient of the input differs by 50%"):
        gradients_match(Gives(half_detached), net(), images())


@pytest.mark.parametrize("attempt", range(10))
def test_a_right_block_passes_every_time(attempt: int) -> None:
    same_function(StandIn(basic_block(12, 20, 2)), basic_block(12, 20, 2), torch.randn(4, 12, 18, 18))


def test_a_mistake_that_unlucky_weights_hide_is_seen_under_others() -> None:
    torch.manual_seed(0)
    missed = 0
    for _try in range(100):
        try:
            same_function(nn.Sequential(nn.Linear(8, 1), nn.ReLU()), nn.Linear(8, 1), torch.randn(2, 8))
        except CheckFailed:
            continue
        missed += 1
    # Both outputs are positive in three of ten draws; twice in a row in one of eleven.
    assert missed < 18


class ReLU6Net(nn.Module):
    """A net without a layer that depends on the mode, whose activation cuts off large numbers."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.conv(x))


class InTraining(nn.Module):
    """An activation that is another one while training."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x.relu() if self.training else x.relu()


def test_without_dropout_and_batchnorm_neither_is_named() -> None:
    for activation in (nn.ReLU6(), InTraining(), nn.Hardtanh(0, 5)):
        said = message_of(ReLU6Net(activation), ReLU6Net(nn.ReLU()), 3 * images())
        assert "BatchNorm" not in said
        assert " 0%" not in said


def test_a_difference_of_the_mode_alone_is_told_so() -> None:
    said = message_of(ReLU6Net(InTraining()), ReLU6Net(nn.ReLU()), images())
    assert "`train()` mode it differs by 100%" in said
    assert "look for `training`" in said


def test_layers_and_differences_read_well_in_russian() -> None:
    with speaking("ru"):
        assert "Слои другие, не хватает: BatchNorm (каналов: 6)." in message_of(net()[:5], net(), images())
        assert layer_named(("conv", (16, 16, 3, 3)), is_norm=False) == "свёртка 3x3 (каналы: 16 -> 16)"
        assert layer_named(("norm", (4,)), is_norm=False) == "параметр формы [4]"
