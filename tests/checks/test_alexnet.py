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
from grader.checks.alexnet import numbers as alexnet_numbers
from grader.checks.alexnet.mistakes import (
    alexnet_has_shape,
    alexnet_mistakes,
    classifier_mistakes,
    features_match,
    features_mistakes,
    features_shape_matches,
    features_shape_mistakes,
    features_training_mistakes,
)
from grader.checks.alexnet.network import DROPOUT, alexnet, alexnet_classifier, alexnet_features, alexnet_images
from grader.checks.known_mistakes import WrongFormula
from grader.errors import CheckFailed

CHANNELS = (4, 6, 8, 10, 12)
FULL = (96, 256, 384, 384, 256)


def number_of_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_right_net_has_the_sizes_of_the_lesson() -> None:
    x, sides = alexnet_images(1), []
    for layer in alexnet_features(CHANNELS).eval():
        x = layer(x)
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            sides.append(x.shape[-1])
    assert sides == alexnet_numbers.alexnet_sizes() == [55, 27, 27, 13, 13, 13, 13, 6]


def test_the_number_of_parameters_is_the_text_s() -> None:
    with torch.device("meta"):
        net = alexnet(1000, FULL, 4096)
    # The net of the checks has no bias where BatchNorm follows; the formula counts it.
    assert number_of_parameters(net) + 96 + 256 == alexnet_numbers.alexnet_parameters() == 62_379_048


def test_with_other_widths_and_without_norms_the_number_is_torchvision_s() -> None:
    widths = (64, 192, 384, 256, 256)
    with torch.device("meta"):
        theirs = number_of_parameters(torchvision.models.alexnet())
    assert alexnet_numbers.alexnet_parameters(1000, widths, 4096) - 2 * (64 + 192) == theirs == 61_100_840


def test_the_formulas_for_one_layer_are_pytorch_s() -> None:
    for n_in, n_out, kernel, bias in [(3, 5, 7, True), (6, 4, 3, False)]:
        layer = nn.Conv2d(n_in, n_out, kernel, bias=bias)
        assert alexnet_numbers.conv_parameters(n_in, n_out, kernel, bias) == number_of_parameters(layer)
    assert alexnet_numbers.linear_parameters(7, 9) == number_of_parameters(nn.Linear(7, 9))
    assert alexnet_numbers.norm_parameters(7) == number_of_parameters(nn.BatchNorm2d(7))
    for size, kernel, stride, padding in [(30, 7, 3, 2), (31, 2, 2, 0), (9, 9, 1, 0)]:
        side = nn.Conv2d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, size, size)).shape[-1]
        assert alexnet_numbers.conv_output_size(size, kernel, stride, padding) == side


def test_a_stack_sees_the_square_that_its_weights_are_counted_for() -> None:
    for side in (3, 7, 11):
        stack = nn.Sequential(*(nn.Conv2d(4, 4, 3, bias=False) for _layer in range((side - 1) // 2)))
        assert stack(torch.zeros(1, 4, side, side)).shape[-1] == 1
        assert alexnet_numbers.stack_weights(side, 4) == number_of_parameters(stack)


def test_every_mistake_of_the_convolutional_part_is_named() -> None:
    x = alexnet_images(4, brightness=10)
    for suspect in [*features_mistakes(CHANNELS), *features_training_mistakes(CHANNELS)]:
        text = message_of(lambda suspect=suspect: features_match(suspect.module, CHANNELS, x))
        assert text == suspect.message


def test_every_mistake_of_shape_is_named() -> None:
    for suspect in features_shape_mistakes(CHANNELS):
        text = message_of(
            lambda suspect=suspect: features_shape_matches(lambda _channels: suspect.module, CHANNELS, [(227, 227)])
        )
        assert suspect.message in text


def test_every_mistake_of_the_linear_part_is_named() -> None:
    sizes = (18, 12, 7)
    for suspect in classifier_mistakes(*sizes):
        with pytest.raises(CheckFailed) as caught:
            same_function(
                suspect.module,
                alexnet_classifier(*sizes),
                torch.randn(6, 18),
                suspects=classifier_mistakes(*sizes),
                training=False,
            )
        assert caught.value.message == suspect.message


def test_every_mistake_of_the_whole_net_is_named() -> None:
    sizes = (7, CHANNELS, 14)
    x = alexnet_images(3, brightness=10)
    for suspect in alexnet_mistakes(*sizes):
        with pytest.raises(CheckFailed) as caught:
            same_function(suspect.module.eval(), alexnet(*sizes), x, suspects=alexnet_mistakes(*sizes), training=False)
        assert caught.value.message == suspect.message


def test_a_net_for_images_of_224_pixels_is_told_so() -> None:
    net = nn.Sequential(*alexnet_features(CHANNELS), nn.Flatten(), *alexnet_classifier(12 * 25, 14, 7))
    assert "5x5" in message_of(lambda: alexnet_has_shape(net, alexnet_images(1), (1, 7)))
    alexnet_has_shape(alexnet(7, CHANNELS, 14), alexnet_images(1), (1, 7))


class Row(nn.Module):
    """Three linear layers with dropout of one's own between them."""

    def __init__(self, *drops: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(40, 32), nn.Linear(32, 32), nn.Linear(32, 32)])
        self.drops = drops

    def forward(self, x: Tensor) -> Tensor:
        for place, layer in enumerate(self.layers):
            x = layer(self._dropped(x, place))
            x = x if place == 2 else x.relu()
        return self._dropped(x, 3)

    def _dropped(self, x: Tensor, place: int) -> Tensor:
        return self.drops[place](x) if self.training else x


def keep(x: Tensor) -> Tensor:
    return x


def half(x: Tensor) -> Tensor:
    return x * (torch.rand(x.shape) < 0.5) * 2


def rates(*drops: Callable[[Tensor], Tensor]) -> None:
    dropout_rates(Row(*drops), alexnet_classifier(40, 32, 32), torch.rand(512, 40) + 0.5, DROPOUT)


def test_dropout_by_hand_is_dropout() -> None:
    for _time in range(20):
        rates(keep, half, half, keep)


def test_dropout_elsewhere_or_otherwise_is_named() -> None:
    assert "missing after linear layer 1." in message_of(lambda: rates(keep, keep, half, keep))
    assert "missing after linear layer 2." in message_of(lambda: rates(keep, half, keep, keep))
    assert "before the first linear layer" in message_of(lambda: rates(half, half, keep, keep))
    assert "no dropout after it" in message_of(lambda: rates(keep, half, half, half))
    assert "the probability is not" in message_of(lambda: rates(keep, F.dropout, lambda x: F.dropout(x, 0.3), keep))
    assert "0.5 times" in message_of(lambda: rates(keep, half, lambda x: half(x) / 2, keep))
    assert "whole examples" in message_of(lambda: rates(keep, keep, lambda x: x * half(torch.ones(512, 1)), keep))
    assert "whole columns" in message_of(lambda: rates(keep, keep, lambda x: x * half(torch.ones(1, 32)), keep))
    assert "the same output" in message_of(lambda: rates(keep, keep, keep, keep))


def test_dropout_in_place_that_breaks_the_backward_pass_is_named() -> None:
    def in_place(x: Tensor) -> Tensor:
        return F.dropout(x, inplace=True)

    assert "An in-place operation" in message_of(lambda: rates(keep, in_place, half, keep))
    assert "An in-place operation" in message_of(lambda: rates(keep, half, in_place, keep))


def test_dropout_of_a_module_with_other_layers_or_another_function_is_not_measured() -> None:
    reference = alexnet_classifier(40, 32, 32)
    x = torch.rand(512, 40)
    assert "not the expected ones" in message_of(
        lambda: dropout_rates(nn.Sequential(nn.Linear(40, 32), nn.Dropout()), reference, x, DROPOUT)
    )
    softmax = nn.Sequential(*alexnet_classifier(40, 32, 32), nn.Softmax(1))
    assert "that is a softmax" in message_of(lambda: dropout_rates(softmax, reference, x, DROPOUT))


def test_features_that_differ_in_training_mode_are_found_behind_dropout() -> None:
    groups = list(alexnet_features(CHANNELS))
    groups[1], groups[2], groups[3] = groups[3], groups[1], groups[2]  # pooling, BatchNorm, ReLU
    net = nn.Sequential(*groups, nn.Flatten(), *alexnet_classifier(12 * 36, 512, 512))
    text = message_of(lambda: dropout_rates(net, alexnet(512, CHANNELS, 512), alexnet_images(12), DROPOUT))
    assert "BatchNorm and Dropout" in text


def test_a_formula_is_right_or_named() -> None:
    points = [(2, 3), (10, 7)]
    mistakes = [WrongFormula(lambda a, b: a + b, "Added."), WrongFormula(lambda a, b: a, "One is missing.")]
    same_results(lambda a, b: float(b * a), lambda a, b: a * b, points)
    text = message_of(lambda: same_results(lambda a, b: b + a, lambda a, b: a * b, points, mistakes=mistakes))
    assert text.startswith("For 2, 3: Found 5, expected 6.")
    assert "Added." in text
    assert "Found 6.5" in message_of(lambda: same_results(lambda a, b: a * b + 0.5, lambda a, b: a * b, points))
    assert "return" in message_of(lambda: same_results(lambda a, b: None, lambda a, b: a * b, points))
    assert "ZeroDivisionError" in message_of(lambda: same_results(lambda a, b: 1 // 0, lambda a, b: a * b, points))
    assert "a call without arguments: Expected numbers, found str" in message_of(
        lambda: same_results(lambda: "x", lambda: [1, 2], [()])
    )
    assert "at [1]: found 3, expected 2" in message_of(lambda: same_results(lambda: (1, 3), lambda: [1, 2], [()]))


DRAWN: dict[str, Callable[[], list[tuple[Any, ...]]]] = {
    "conv_output_size": drawing.windows,
    "alexnet_sizes": drawing.image_sides,
    "conv_parameters": drawing.convolutions,
    "linear_parameters": drawing.linear_layers,
    "norm_parameters": lambda: [(channels,) for channels in drawing.numbers(3, 3, 999)],
    "alexnet_parameters": drawing.alexnets,
    "stack_weights": drawing.stacks,
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_wrong_formula_is_named_whatever_is_drawn(name: str) -> None:
    right, mistakes = getattr(alexnet_numbers, name), getattr(alexnet_numbers, f"{name}_mistakes")()
    for _draw in range(50):
        calls = DRAWN[name]()
        assert DRAWN[name]() != calls
        same_results(right, right, calls)
        for mistake in mistakes:
            text = message_of(lambda wrong=mistake.function, c=calls: same_results(wrong, right, c, mistakes=mistakes))
            assert mistake.message in text, calls


def test_no_width_is_that_of_the_example() -> None:
    for _draw in range(200):
        channels = drawing.alexnet_channels()
        assert len(set(channels)) == 5
        assert not any(width == shown for width, shown in zip(channels, (4, 6, 8, 10, 12), strict=True))


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_network_that_is_built_to_be_counted_is_noticed(device: str) -> None:
    def built(num_classes: int = 1000, channels: Any = FULL, hidden: int = 4096) -> int:
        with torch.device(device):
            return number_of_parameters(alexnet(num_classes, channels, hidden)) + sum(channels[:2])

    known = alexnet_numbers.alexnet_parameters_mistakes()
    calls = drawing.alexnets()
    alexnet_numbers.counts_without_building(alexnet_numbers.alexnet_parameters, calls, known)
    assert all(alexnet_numbers.alexnet_parameters(*call) < 2**63 for call in calls)
    same_results(built, alexnet_numbers.alexnet_parameters, calls[1:-1])
    text = message_of(lambda: alexnet_numbers.counts_without_building(built, calls, known))
    assert "without building the network" in text
    text = message_of(lambda: alexnet_numbers.counts_without_building(lambda *sizes: 1, calls, known))
    assert "without building" not in text


def test_the_full_size_counts_no_biases_of_convolutions() -> None:
    alexnet_numbers.full_size_matches(62_379_048 - sum(FULL))
    assert "62 379 048 parameters" in message_of(lambda: alexnet_numbers.full_size_matches(62_379_048))
    assert "None" in message_of(lambda: alexnet_numbers.full_size_matches(None))


def test_the_full_size_counts_weights_whatever_holds_them() -> None:
    with torch.device("meta"):
        net = alexnet(1000, FULL, 4096)
    alexnet_numbers.full_size_weights_match(sum(p.numel() for p in net.parameters() if p.dim() > 1))
    assert "7 weights" in message_of(lambda: alexnet_numbers.full_size_weights_match(7))
    assert "None" in message_of(lambda: alexnet_numbers.full_size_weights_match(None))
