"""The dense layer, block, transition and network: our references against torchvision's, and every known mistake."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import densenet as torchvision_densenet
from torchvision.models import densenet121

from grader.checks import one_of, same_function
from grader.checks.densenet.block import (
    dense_block_mistakes,
    dense_blocks,
    keeps_every_map,
    transition,
    transition_mistakes,
)
from grader.checks.densenet.layer import (
    DenseLayer,
    dense_layer,
    dense_layer_mistakes,
    joins_maps,
    layer_form,
    new_only,
    new_then_old,
    old_then_new,
)
from grader.checks.densenet.network import DENSENET121, densenet, densenet_mistakes, densenets, weight_layers
from grader.checks.resnet.pictures import blotches
from grader.errors import CheckFailed

FORMS = [new_only, old_then_new, new_then_old]
NET = ((1, 2, 1), 11, 3, 6)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_our_network_is_torchvisions() -> None:
    ours, theirs = densenet((1, 2, 1), 5, 4, 6), torchvision_densenet.DenseNet(4, (1, 2, 1), 6, num_classes=5)
    same_function(ours, theirs, torch.randn(4, 3, 64, 64))
    same_function(dense_layer(6, 4), torchvision_densenet._DenseLayer(6, 4, 4, 0.0), torch.randn(4, 6, 8, 8))
    same_function(transition(6, 4), torchvision_densenet._Transition(6, 4), torch.randn(4, 6, 8, 8))


def test_densenet_121_has_the_published_number_of_parameters_and_layers() -> None:
    with torch.device("meta"):
        assert count(densenet(DENSENET121)) == count(densenet121()) == 7_978_856
        assert count(densenet(DENSENET121, 42)) == 7_978_856 - (1000 - 42) * 1025
    assert weight_layers(DENSENET121) == 121
    assert [weight_layers(depths) for depths in ((6, 12, 32, 32), (6, 12, 48, 32))] == [169, 201]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sizes", [(6, 4), (5, 5), (3, 8)])
def test_every_mistake_of_a_layer_is_named_in_every_form(sizes: tuple[int, int], form: object) -> None:
    x = torch.randn(4, sizes[0], 8, 8)
    for suspect in dense_layer_mistakes(*sizes, form):
        if sizes[0] == sizes[1] and "4 * in_channels" in suspect.message:
            continue  # no mistake here
        student = suspect.module
        assert layer_form(student, x, sizes[1]) is form
        with pytest.raises(CheckFailed) as caught:
            same_function(
                student, dense_layer(*sizes, form), x, suspects=dense_layer_mistakes(*sizes, form), gradients=False
            )
        assert caught.value.message == suspect.message


@pytest.mark.parametrize("sizes", [(6, 4, 3), (5, 3, 2), (4, 3, 1)])
def test_every_mistake_of_a_block_is_named(sizes: tuple[int, int, int]) -> None:
    x = torch.randn(4, sizes[0], 8, 8)
    for suspect in dense_block_mistakes(*sizes):
        student = suspect.module
        with pytest.raises(CheckFailed) as caught:
            same_function(
                student,
                one_of(student, dense_blocks(*sizes), x),
                x,
                suspects=dense_block_mistakes(*sizes),
                gradients=False,
            )
        assert caught.value.message == suspect.message


def test_every_mistake_of_a_transition_is_named() -> None:
    x = torch.randn(4, 6, 9, 8)
    for suspect in transition_mistakes(6, 4):
        with pytest.raises(CheckFailed) as caught:
            same_function(suspect.module, transition(6, 4), x, suspects=transition_mistakes(6, 4))
        assert caught.value.message == suspect.message


@pytest.mark.slow
def test_every_mistake_of_a_network_is_named() -> None:
    x = blotches(4, 48)
    for suspect in densenet_mistakes(*NET):
        student = suspect.module
        with pytest.raises(CheckFailed) as caught:
            same_function(
                student, one_of(student, densenets(*NET), x), x, suspects=densenet_mistakes(*NET), gradients=False
            )
        assert caught.value.message == suspect.message


def test_a_block_is_right_in_any_order_of_its_maps() -> None:
    x = torch.randn(4, 6, 8, 8)
    for build in dense_blocks(6, 4, 3):
        block = build()
        keeps_every_map(block, x, 4, 3)
        same_function(block, one_of(block, dense_blocks(6, 4, 3), x), x)


def test_a_network_is_right_in_any_order_of_its_maps() -> None:
    x = blotches(4, 48)
    for build in densenets(*NET):
        network = build()
        same_function(network, one_of(network, densenets(*NET), x), x)


class Returning(nn.Module):
    """A layer that returns what a function makes of its input and its new maps."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.layer = DenseLayer(6, 4)
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, self.layer(x))


@pytest.mark.parametrize(
    ("function", "message", "remedy"),
    [
        (lambda x, new: x + new, "size of tensor", "Maps are added here"),
        (lambda x, new: torch.cat((new, new)), "2 examples went in, 4 came out", "channels are axis 1"),
        (lambda x, new: torch.cat((x, new, new), 1), "turns 6 maps into 14", "`growth_rate` output channels"),
        (lambda x, new: torch.cat((x.relu(), new), 1), "the input is not among them", "Concatenate the input itself"),
        (lambda x, new: new[..., 1:, 1:], "expected (2, 4, 8, 8)", "Check stride and padding"),
        (lambda x, new: new.mean((2, 3)), "expected (2, 4, 8, 8)", "axes"),
    ],
)
def test_a_layer_of_another_shape_is_told_what_it_did(function: object, message: str, remedy: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        layer_form(Returning(function), torch.randn(2, 6, 8, 8), 4)
    assert message in caught.value.message
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("channels", "remedy"),
    [(6, "own input is missing"), (5, "new maps are missing"), (7, "inside the loop"), (2, "one layer"), (19, "")],
)
def test_a_block_that_lost_maps_is_told_which(channels: int, remedy: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        keeps_every_map(nn.Conv2d(5, channels, 1), torch.randn(2, 5, 4, 4), growth_rate=2, num_layers=3)
    assert f"11 go out; the block returned {channels}" in caught.value.message
    assert remedy in caught.value.remedy


def test_a_block_that_changes_its_input_is_told_so() -> None:
    with pytest.raises(CheckFailed, match="the input is not among them"):
        keeps_every_map(nn.Conv2d(5, 11, 1), torch.randn(2, 5, 4, 4), growth_rate=2, num_layers=3)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda old, new: old + new, "This is the sum"),
        (lambda old, new: torch.cat((old, new)), "2 examples went in, 4 came out"),
        (lambda old, new: torch.cat((new, old), 1), "The new maps come first"),
        (lambda old, new: torch.cat((old, new), 2), "expected (2, 12, 4, 4)"),
        (lambda old, new: torch.cat((old, old), 1), "they are other maps"),
        (lambda old, new: None, "None"),
        (lambda old, new: [old, new], "a list of 2"),
    ],
)
def test_a_wrong_concatenation_is_told_what_it_is(function: object, message: str) -> None:
    old, new = torch.randn(2, 6, 4, 4), torch.randn(2, 6, 4, 4)
    joins_maps(torch.cat((old, new), 1), old, new)
    with pytest.raises(CheckFailed) as caught:
        joins_maps(function(old, new), old, new)
    assert message in caught.value.message


def test_without_an_agreeing_reference_the_first_one_is_taken() -> None:
    x = torch.randn(2, 3, 4, 4)
    with_relu, with_tanh = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU()), nn.Sequential(nn.Conv2d(3, 2, 1), nn.Tanh())
    references = [lambda: with_relu, lambda: with_tanh]
    assert one_of(nn.Sequential(nn.Conv2d(3, 2, 1), nn.Tanh()), references, x) is with_tanh
    assert one_of(nn.Conv2d(3, 2, 1), references, x) is with_relu
    assert one_of(nn.Conv2d(3, 2, 3, padding=1), references, x) is with_relu
    with pytest.raises(CheckFailed, match=r"Expected an `nn.Module`"):
        one_of(None, references, x)
