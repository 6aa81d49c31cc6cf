from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from grader.checks import (
    does_not_change_its_input,
    gradients_reach_every_parameter,
    has_shape,
    output_has_shape,
    parameter_count,
)
from grader.checks.comparing import distance
from grader.checks.layers import layers_of
from grader.checks.resnet.block import basic_block
from grader.checks.resnet.network import resnet
from grader.errors import CheckFailed
from grader.examiner.error_meanings import explain


def test_distance_is_infinite_for_nan_infinity_and_other_shapes() -> None:
    expected = torch.ones(3)
    assert distance(torch.tensor([1.0, math.nan, 1.0]), expected) == math.inf
    assert distance(torch.tensor([1.0, math.inf, 1.0]), expected) == math.inf
    assert distance(torch.ones(3, 1), expected) == math.inf
    assert distance(torch.ones(3, dtype=torch.complex64), expected) == math.inf
    assert distance(expected, expected) == 0.0
    assert distance(expected + 0.5, expected) == pytest.approx(0.5)
    assert distance(torch.ones(3), torch.zeros(3)) > 1


def test_has_shape_accepts_the_shape_and_names_what_differs() -> None:
    has_shape(torch.zeros(2, 3), (2, 3))
    with pytest.raises(CheckFailed, match=r"\(2, 3\), expected \(2, 4\).*last linear layer"):
        has_shape(torch.zeros(2, 3), (2, 4))
    with pytest.raises(CheckFailed, match=r"int64, expected torch.float32"):
        has_shape(torch.zeros(2, 3, dtype=torch.int64), (2, 3))


def test_output_has_shape_works_in_evaluation_mode_and_restores_the_mode() -> None:
    block = basic_block(4, 4)
    output_has_shape(block, torch.randn(1, 4, 1, 1), shape=(1, 4, 1, 1))
    assert block.training


def test_parameter_count_counts_each_shared_weight_once() -> None:
    layer = nn.Linear(3, 3)
    parameter_count(nn.Sequential(layer, layer), 12)
    with pytest.raises(CheckFailed, match=r"12 parameters, expected 24: a difference of -12"):
        parameter_count(nn.Sequential(layer, layer), 24)


def test_parameter_count_can_leave_out_biases_of_convolutions() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    parameter_count(module, 108 + 4 + 8 + 10)
    parameter_count(module, 108 + 8 + 10, conv_biases=False)


def test_parameter_count_lets_lazy_layers_see_an_input_first() -> None:
    parameter_count(nn.Sequential(nn.LazyLinear(2)), 8, torch.randn(1, 3))


def test_resnet_18_has_the_published_number_of_parameters() -> None:
    parameter_count(resnet([2, 2, 2, 2], 1000), 11_689_512)


def test_gradients_reach_every_parameter_of_a_right_block() -> None:
    gradients_reach_every_parameter(basic_block(4, 6, 2), torch.randn(4, 4, 8, 8))


def test_an_unused_layer_is_named() -> None:
    block = basic_block(4, 4)
    block.extra = nn.Linear(2, 2)
    with pytest.raises(CheckFailed, match=r"extra.weight, extra.bias"):
        gradients_reach_every_parameter(block, torch.randn(4, 4, 8, 8))


def test_an_output_without_gradient_reaches_nobody() -> None:
    class Detached(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).detach()

    with pytest.raises(CheckFailed, match="No gradient reaches weight, bias"):
        gradients_reach_every_parameter(Detached(3, 3), torch.randn(2, 3))


def test_a_changed_input_is_noticed_and_the_callers_tensor_stays() -> None:
    x = torch.randn(2, 5)
    before = x.clone()
    with pytest.raises(CheckFailed, match="changed its own input"):
        does_not_change_its_input(nn.ReLU(inplace=True), x)
    assert torch.equal(x, before)
    does_not_change_its_input(nn.ReLU(), x)


def test_layers_are_known_by_prefix_kind_and_shape() -> None:
    layers = layers_of(basic_block(4, 6, 2))
    assert [layer.name for layer in layers] == ["conv1", "bn1", "conv2", "bn2", "downsample.0", "downsample.1"]
    assert layers[0].signature == ("conv", (6, 4, 3, 3))
    assert layers[1].signature == ("norm", (6,))
    assert set(layers[1].tensors) == {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


def mismatch(first: int, second: int, axis: int) -> str:
    return (
        f"RuntimeError: The size of tensor a ({first}) must match the size of tensor b ({second}) "
        f"at non-singleton dimension {axis}"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (mismatch(16, 32, 1), "channels"),
        (mismatch(9, 18, 3), "ignores the stride"),
        (mismatch(5, 9, 3), "stride twice"),
        (mismatch(7, 9, 3), "without `padding=1`"),
        (mismatch(11, 9, 3), "Check stride and padding"),
        ("unsupported operand type(s) for +: 'Tensor' and 'Conv2d'", "has to be called"),
        ("one of the variables ... has been modified by an inplace operation", "in-place operation"),
        ("something else", ""),
    ],
)
def test_an_error_of_pytorch_is_explained(error: str, words: str) -> None:
    explained = explain(error, (2, 16, 18, 18), (2, 32, 9, 9))
    assert words in explained
    assert bool(words) == bool(explained)
