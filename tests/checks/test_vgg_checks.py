"""VGG: every known mistake is named, the right answer is none of them, and the counts are torchvision's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from check_messages import message_of
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import drawing, dropout_rates, same_function, same_results
from grader.checks.known_mistakes import WrongFormula
from grader.checks.vgg.block import block_with, halves_the_picture, vgg_block, vgg_block_mistakes
from grader.checks.vgg.network import vgg, vgg_classifier, vgg_classifier_mistakes, vgg_mistakes
from grader.checks.vgg.numbers import (
    counts_are_published,
    map_sizes,
    map_sizes_mistakes,
    receptive_field,
    receptive_field_mistakes,
    stack_parameters,
    stack_parameters_mistakes,
    vgg_config,
)
from grader.errors import CheckFailed

BLOCKS = [(1, 4, 6, False), (3, 4, 6, False), (4, 6, 6, False), (1, 4, 6, True), (3, 4, 6, True), (4, 6, 6, True)]
CLASSIFIER = (12, 20, 7)
NETS: list[tuple[Any, ...]] = [([(2, 5), (1, 7)], 5, False, 18, 12), ([(1, 4), (2, 6)], 5, True, 18, 12)]
NUMBERS = [11, 13, 16, 19]


@pytest.mark.parametrize("sizes", BLOCKS)
def test_every_known_mistake_of_a_block_is_named(sizes: tuple[int, int, int, bool]) -> None:
    x = torch.randn(4, sizes[1], 12, 12)
    for suspect in vgg_block_mistakes(*sizes):
        said = message_of(
            lambda module=suspect.module: same_function(
                module, vgg_block(*sizes), x, suspects=vgg_block_mistakes(*sizes)
            )
        )
        assert said.startswith(suspect.message)


@pytest.mark.parametrize("sizes", BLOCKS)
def test_the_right_block_is_none_of_the_mistakes(sizes: tuple[int, int, int, bool]) -> None:
    x = torch.randn(4, sizes[1], 12, 12)
    same_function(vgg_block(*sizes), vgg_block(*sizes), x)
    for suspect in vgg_block_mistakes(*sizes):
        with pytest.raises(CheckFailed):
            same_function(vgg_block(*sizes), suspect.module, x)


def test_a_block_that_does_not_halve_the_picture_is_told_why() -> None:
    x = torch.randn(2, 4, 16, 16)
    right = vgg_block(3, 4, 6)
    halves_the_picture(right, 3, x, channels=6)
    assert "is there a MaxPool" in message_of(lambda: halves_the_picture(right[:-1], 3, x, channels=6))
    in_the_loop = nn.Sequential(*[vgg_block(1, channels, 6) for channels in (4, 6, 6)])
    assert "inside the loop" in message_of(lambda: halves_the_picture(in_the_loop, 3, x, channels=6))
    unpadded = block_with(3, 4, 6, False)
    for layer in unpadded:
        if isinstance(layer, nn.Conv2d):
            layer.padding = (0, 0)
    assert "without `padding=1`" in message_of(lambda: halves_the_picture(unpadded, 3, x, channels=6))
    assert "output channels" in message_of(lambda: halves_the_picture(right, 3, x, channels=5))


def test_every_known_mistake_of_a_classifier_is_named() -> None:
    x = torch.randn(6, CLASSIFIER[0])
    for suspect in vgg_classifier_mistakes(*CLASSIFIER):
        suspects = vgg_classifier_mistakes(*CLASSIFIER)
        said = message_of(
            lambda module=suspect.module, suspects=suspects: same_function(
                module, vgg_classifier(*CLASSIFIER), x, suspects=suspects, training=False
            )
        )
        assert said == suspect.message


class Functional(nn.Module):
    """The classifier with functions instead of layers, and linear layers in the order from back to front."""

    def __init__(
        self, in_features: int, hidden: int, num_classes: int, *, p: float = 0.5, training: bool | None = None
    ):
        super().__init__()
        self.third = nn.Linear(hidden, num_classes)
        self.second = nn.Linear(hidden, hidden)
        self.first = nn.Linear(in_features, hidden)
        self.p = p
        self.always = training

    def forward(self, x: Tensor) -> Tensor:
        training = self.training if self.always is None else self.always
        x = F.relu(F.dropout(self.first(x), self.p, training))
        return self.third(F.dropout(F.relu(self.second(x)), self.p, training))


WIDE = (40, 32, 32)  # for `dropout_rates`


def rates(student: nn.Module) -> None:
    dropout_rates(student, vgg_classifier(*WIDE), torch.rand(512, 40) + 0.5, (0, 0.5, 0.5, 0))


def test_dropout_may_be_a_function_and_stand_before_relu() -> None:
    rates(vgg_classifier(*WIDE))
    rates(Functional(*WIDE))


@pytest.mark.parametrize("p", [0.1, 0.3, 0.4, 0.45, 0.47, 0.55, 0.6, 0.9])
def test_dropout_of_another_strength_is_refused(p: float) -> None:
    assert "n `train()` mode" in message_of(lambda: rates(Functional(*WIDE, p=p)))


def test_dropout_in_evaluation_and_no_dropout_are_named() -> None:
    assert "eval()" in message_of(lambda: rates(Functional(*WIDE, training=True)))
    assert "the same output" in message_of(lambda: rates(Functional(*WIDE, p=0)))


@pytest.mark.parametrize("sizes", NETS)
def test_every_known_mistake_of_a_network_is_named(sizes: tuple[Any, ...]) -> None:
    x = torch.randn(4, 3, 18, 18)
    same_function(vgg(*sizes), vgg(*sizes), x)
    for suspect in vgg_mistakes(*sizes):
        said = message_of(
            lambda module=suspect.module: same_function(module, vgg(*sizes), x, suspects=vgg_mistakes(*sizes))
        )
        assert said == suspect.message


@pytest.mark.parametrize(
    ("formula", "mistakes", "points"),
    [
        (receptive_field, receptive_field_mistakes(), drawing.receptive_fields),
        (stack_parameters, stack_parameters_mistakes(), drawing.plain_stacks),
        (map_sizes, map_sizes_mistakes(), drawing.map_sides),
    ],
)
def test_a_wrong_formula_is_recognised_whatever_is_drawn(
    formula: Callable[..., object], mistakes: list[WrongFormula], points: Callable[[], list[tuple[int, ...]]]
) -> None:
    for _draw in range(50):
        drawn = points()
        assert points() != drawn
        same_results(formula, formula, drawn, mistakes=mistakes)
        for mistake in mistakes:
            said = message_of(
                lambda wrong=mistake.function, drawn=drawn: same_results(wrong, formula, drawn, mistakes=mistakes)
            )
            assert said.endswith(mistake.message), drawn


def test_a_formula_says_where_it_is_wrong_and_what_it_raised() -> None:
    said = message_of(lambda: same_results(lambda depth, k=3: 2 * depth + k // 3, receptive_field, [(1,), (2, 5)]))
    assert said == "For depth = 2, kernel_size = 5: Found 5, expected 9. It is right for 1 of 2."
    assert "`return`" in message_of(lambda: same_results(lambda depth: None, receptive_field, [(1,)]))
    assert "ZeroDivisionError" in message_of(lambda: same_results(lambda depth: 1 / 0, receptive_field, [(1,)]))


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [3, 5])
def test_the_receptive_field_is_what_autograd_sees(depth: int, kernel_size: int) -> None:
    x = torch.zeros(1, 1, 31, 31, requires_grad=True)
    maps = x
    for _layer in range(depth):
        maps = F.conv2d(maps, torch.ones(1, 1, kernel_size, kernel_size), padding=kernel_size // 2)
    maps[0, 0, 15, 15].backward()
    assert int(x.grad[0, 0].any(dim=0).sum()) == receptive_field(depth, kernel_size)
    layers = nn.Sequential(*[nn.Conv2d(6, 6, kernel_size) for _layer in range(depth)])
    assert sum(p.numel() for p in layers.parameters()) == stack_parameters(6, depth, kernel_size)


def counts(network: nn.Module) -> list[int]:
    by_axes = {4: 0, 2: 0, 1: 0}
    for parameter in network.parameters():
        by_axes[parameter.dim()] += parameter.numel()
    return list(by_axes.values())


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_network_has_the_layers_of_torchvisions(number: int, batch_norm: bool) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, f"vgg{number}{'_bn' if batch_norm else ''}")()
        ours = vgg(vgg_config(number), batch_norm=batch_norm)
    counts_are_published(counts(theirs), number, batch_norm)
    counts_are_published(counts(ours), number, batch_norm)
    weights = [[tuple(p.shape) for p in net.parameters() if p.dim() > 1] for net in (ours, theirs)]
    assert weights[0] == weights[1]


def test_a_narrow_network_computes_what_torchvisions_does() -> None:
    config = [(depth, channels // 32) for depth, channels in vgg_config(11)]
    layers = [step for depth, channels in config for step in [*[channels] * depth, "M"]]
    theirs = torchvision.models.VGG(torchvision.models.vgg.make_layers(layers, batch_norm=True), num_classes=5)
    theirs.avgpool = nn.Identity()
    theirs.classifier = vgg_classifier(16, 12, 5)
    same_function(theirs, vgg(config, 5, True, 32, 12), torch.randn(4, 3, 32, 32))


def test_numbers_that_are_not_the_published_ones_are_refused() -> None:
    def with_config(config: list[tuple[int, int]], *, batch_norm: bool = False) -> list[int]:
        with torch.device("meta"):
            return counts(vgg(config, batch_norm=batch_norm))

    said = message_of(lambda: counts_are_published(with_config(vgg_config(13)), 11))
    assert "VGG-11, weights of the convolutions: 9,402,048 numbers, which is too many." in said
    said = message_of(lambda: counts_are_published(with_config(vgg_config(11)), 11, batch_norm=True))
    assert "biases and BatchNorm together: 11,944 numbers, which is too few." in said
    said = message_of(lambda: counts_are_published(with_config(vgg_config(11), batch_norm=True), 11))
    assert "biases and BatchNorm together" in said
    said = message_of(lambda: counts_are_published([9_217_728, 0, 11_944], 11))
    assert "weights of the linear layers" in said
    for nonsense in (None, 132_863_336, [1, 2], [1.0, 2.0, 3.0], "VGG"):
        assert "could not be counted" in message_of(lambda found=nonsense: counts_are_published(found, 11))
