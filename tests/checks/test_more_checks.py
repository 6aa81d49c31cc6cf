"""Training, dropout, formulas and derivatives, layer counts, cases, and what PyTorch's errors mean."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from check_messages import message_of
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import (
    Case,
    derivative_matches,
    drops_out_only_in_training,
    layer_count,
    same_function_in_cases,
    same_value,
    trains,
)
from grader.checks.resnet.block import basic_block, basic_block_cases, basic_block_mistakes
from grader.examiner.error_meanings import explain


def classifier(*last: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3), *last)


def batch() -> tuple[Tensor, Tensor]:
    return torch.randn(24, 6), torch.arange(24) % 3


def test_a_network_that_learns_trains() -> None:
    trains(classifier(), *batch(), learning_rate=0.05, steps=40)


def test_a_network_keeps_its_mode_and_no_gradients_after_training() -> None:
    net = classifier().eval()
    trains(net, *batch(), learning_rate=0.05, steps=40)
    assert not net.training
    assert all(parameter.grad is None for parameter in net.parameters())


def test_another_loss_can_be_trained_on() -> None:
    x = torch.randn(16, 6)
    trains(nn.Linear(6, 1), x, x[:, :1], loss=F.mse_loss, learning_rate=0.1, steps=60)


class Frozen(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach()


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (classifier(nn.Softmax(dim=1), nn.Hardtanh(0.0, 0.01)), "After 20 steps on one batch the loss is"),
        (Frozen(6, 3), "does not depend on any parameter"),
        (nn.Sequential(nn.Linear(6, 3), nn.Threshold(math.inf, math.inf)), "NaN"),
        (nn.Identity(), "no parameters at all"),
        (nn.Linear(5, 3), "expects 5 numbers per example and gets 6"),
    ],
)
def test_a_network_that_does_not_learn_is_told_why(module: nn.Module, words: str) -> None:
    assert words in message_of(lambda: trains(module, *batch()))


class Drops(nn.Module):
    def __init__(self, *, always: bool) -> None:
        super().__init__()
        self.always = always

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, 0.5, training=self.always or self.training)


def test_dropout_belongs_into_training_only() -> None:
    x = torch.randn(4, 50)
    drops_out_only_in_training(Drops(always=False), x)
    assert "training=self.training" in message_of(lambda: drops_out_only_in_training(Drops(always=True), x))
    assert "the same output" in message_of(lambda: drops_out_only_in_training(nn.BatchNorm1d(50), x))


def test_a_value_may_be_a_number_a_list_or_a_tensor() -> None:
    same_value(0.5, 0.5)
    same_value(torch.tensor([1, 2]), [1.0, 2.0])
    same_value(torch.tensor([[3.0]]), 3)
    same_value([], [])
    same_value(1.000001, 1)
    same_value(1e8 + 1, 1e8)


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        (-2.0, 2.0, "Found -2, expected 2. The sign is the opposite one."),
        (4.0, 2.0, "2 times the expected value"),
        ([1.5, 2.5], [3.0, 5.0], "0.5 times the expected value"),
        (1.25, 0.25, "differs by +1 exactly"),
        (-0.75, 0.25, "differs by -1 exactly"),
        (61_641_456, 61_640_456, "Found 61 641 456, expected 61 640 456."),
        (1024, 512, "Found 1024, expected 512."),
        ([1.0, 2.5, 9.0], [1.0, 2.0, 3.0], "2 of 3 numbers differ; at [2]: found 9, expected 3."),
        (1.02, 1.0, "close, but not equal"),
        (7.7, 1.0, "Found 7.7, expected 1."),
        (math.nan, 1.0, "NaN"),
        (math.inf, 1.0, "NaN"),
        ([1.0, 2.0, 9.0], [1.0, 2.0, 3.0], "1 of 3 numbers differs; at [2]: found 9, expected 3."),
        ([[0.0, math.nan]], [[0.0, 1.0]], "1 of 2 numbers differs; at [0, 1]: found nan, expected 1."),
        ([1.0], [1.0, 2.0], "shape (1,), expected (2,)"),
        (None, 1.0, "returned None"),
        ("one", 1.0, "Expected numbers, found str"),
        ({"a": 1}, 1.0, "Expected numbers, found dict"),
        (10**400, 1.0, "Expected numbers, found int"),
    ],
)
def test_a_wrong_value_names_the_likely_mistake(found: object, expected: object, words: str) -> None:
    assert words in message_of(lambda: same_value(found, expected))


def test_whole_numbers_that_differ_are_not_called_rounding() -> None:
    assert message_of(lambda: same_value(103, 100)) == "Found 103, expected 100."


POINTS = [-1.5, 0.25, 2.0]


def skip(x: Tensor) -> Tensor:
    return x + torch.sin(x) ** 2


def test_a_derivative_by_hand_is_compared_with_autograd() -> None:
    derivative_matches(lambda x: 1 + math.sin(2 * x), skip, POINTS)
    derivative_matches(lambda x: 1 + torch.sin(2 * x), skip, [torch.randn(3, 2, dtype=torch.float64)])
    derivative_matches(lambda w, x: x * (w * x).cos(), lambda w, x: (w * x).sin(), [(torch.ones(2), torch.ones(2))])
    derivative_matches(lambda w, x: 2 * x * w, lambda w, x: w * x**2, [(3.0, 2.0)], by=1)


def test_a_forgotten_one_of_the_skip_is_named() -> None:
    said = message_of(lambda: derivative_matches(lambda x: math.sin(2 * x), skip, POINTS))
    assert "The derivative at -1.5 is another" in said
    assert "right at 0 of 3 points" in said
    assert "differs by -1 exactly" in said
    assert "where x is added" in said
    assert "where x is added" not in message_of(lambda: same_value(0.5, 1.5))


def test_a_numeric_difference_that_is_noise_is_named() -> None:
    def numeric(x: float) -> float:
        step = 1e-14
        f = lambda t: t + math.sin(t) ** 2  # noqa: E731
        return (f(x + step) - f(x)) / step

    assert "unlucky step" in message_of(lambda: derivative_matches(numeric, skip, [0.3]))


def test_an_error_in_a_derivative_is_the_students() -> None:
    assert "ZeroDivisionError" in message_of(lambda: derivative_matches(lambda x: x / 0, skip, POINTS))
    assert "right at 2 of 3" in message_of(lambda: derivative_matches(lambda x: 1 + math.sin(2 * abs(x)), skip, POINTS))


def test_layers_are_counted_by_kind() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2))
    layer_count(net, torch.randn(1, 3, 4, 4), conv=1, norm=1, linear=1)
    said = message_of(lambda: layer_count(net, conv=8))
    assert "Number of convolutions: 1, expected 8." in said
    shared = nn.Conv2d(3, 3, 3)
    assert "counts once" in message_of(lambda: layer_count(nn.Sequential(shared, shared), conv=2))
    assert "no parameters" in message_of(lambda: layer_count(nn.ReLU(), conv=1))


def draw(in_channels: int, _out_channels: int, _stride: int) -> Tensor:
    return torch.randn(4, in_channels, 14, 14)


def build(kind: str) -> Callable[[int, int, int], nn.Module]:
    def make(i: int, o: int, stride: int) -> nn.Module:
        if kind == "no norm on the projection" and (stride != 1 or i != o):
            block = basic_block(i, o, stride)
            block.downsample = block.downsample[0]
            return block
        if kind == "raises" and stride != 1:
            raise ValueError("stride")
        return basic_block(i, o, stride)

    return make


def test_where_a_mistake_shows_is_part_of_the_message() -> None:
    cases = basic_block_cases(4, 6)
    same_function_in_cases(build("right"), basic_block, cases, draw, suspects=basic_block_mistakes)
    said = message_of(
        lambda: same_function_in_cases(
            build("no norm on the projection"), basic_block, cases, draw, suspects=basic_block_mistakes
        )
    )
    assert "The shortcut has a convolution and no BatchNorm after it." in said
    assert "It shows where only the stride changes and where only the number of channels changes" in said
    assert "; where the shortcut is the identity everything agrees." in said
    said = message_of(lambda: same_function_in_cases(build("raises"), basic_block, cases, draw))
    assert "ValueError: stride" in said
    assert "It shows where only the stride changes and where stride and channels change; " in said


def test_a_mistake_that_shows_everywhere_has_its_plain_message() -> None:
    cases = [Case((4, 4, 1), "one"), Case((4, 4, 2), "two")]
    said = message_of(lambda: same_function_in_cases(lambda *sizes: nn.ReLU(), basic_block, cases, draw))
    assert "It shows" not in said


# Provoked, not copied: the words of PyTorch's messages change from release to release.
PROVOKED = {
    "a wrong linear layer": (lambda: nn.Linear(9216, 10)(torch.zeros(2, 6400)), "expects 9216 numbers per example"),
    "channels not updated": (
        lambda: nn.Conv2d(128, 8, 3)(torch.zeros(2, 64, 8, 8)), "built for 128 channels and gets 64. Follow",
    ),
    "a norm of another width": (
        lambda: nn.BatchNorm2d(128)(torch.zeros(2, 64, 8, 8)), "BatchNorm was built for 128 channels and gets 64",
    ),
    "cat of other sizes": (
        lambda: torch.cat([torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 6, 6)], 1), "equal sizes on all other axes",
    ),
    "a picture that is too small": (lambda: nn.Conv2d(3, 3, 5)(torch.zeros(1, 3, 2, 2)), "smaller than the kernel"),
    "a pool that is too large": (lambda: F.max_pool2d(torch.zeros(1, 3, 2, 2), 3), "smaller than the kernel"),
    "a fixed view": (lambda: torch.zeros(2, 6400).view(-1, 9216), "`view` or `reshape` to [-1, 9216]"),
    "one value per channel": (lambda: nn.BatchNorm1d(3)(torch.zeros(1, 3)), "more than one number per channel"),
    "a missing return": (lambda: F.relu(None), "Something is None"),
    "a layer that is None": (lambda: [None][0](torch.zeros(1)), "Something is None"),
    "no gradient": (lambda: torch.zeros(1).sum().backward(), "does not depend on any parameter"),
    "no forward": (lambda: nn.Module()(1), "no method `forward`"),
    "a layer that is not called": (lambda: torch.zeros(1) + nn.ReLU(), "has to be called"),
}  # fmt: skip


@pytest.mark.parametrize("what", PROVOKED)
def test_what_pytorch_says_is_explained(what: str) -> None:
    provoke, words = PROVOKED[what]
    with pytest.raises((RuntimeError, TypeError, ValueError, NotImplementedError)) as raised:
        provoke()
    assert words in explain(f"{type(raised.value).__name__}: {raised.value}")


def test_a_missing_call_of_super_and_a_second_backward_are_explained() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError) as raised:
        Net()
    assert "super().__init__()" in explain(str(raised.value))
    x = torch.ones(1, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError) as twice:
        y.backward()
    assert "called twice" in explain(str(twice.value))
