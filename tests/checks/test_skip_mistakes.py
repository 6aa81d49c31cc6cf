"""Maps that are made to fit, the skip module, deep stacks and the norms of their gradients; every mistake is named."""

from __future__ import annotations

import pytest
import torch
from check_messages import message_of
from torch import nn

from grader.checks import FunctionModule, same_function, same_results
from grader.checks.skip_connection import deep_stack, maps
from grader.checks.skip_connection import module as skips

SIZE = (7, 8, 9)
BLOCKS = [(4, 4, 1, False), (4, 4, 1, True), (4, 6, 2, True)]


def test_padding_keeps_the_numbers_in_the_middle() -> None:
    x = torch.arange(1.0, 5.0).reshape(1, 1, 2, 2)
    padded = maps.pad_to(x, 2, 4, 5)
    expected = torch.zeros(1, 2, 4, 5)
    expected[0, 0, 1:3, 1:3] = x[0, 0]
    assert torch.equal(padded, expected)


def test_every_known_mistake_of_padding_is_named() -> None:
    for suspect in maps.pad_to_mistakes(*SIZE):
        said = message_of(
            lambda: same_function(
                suspect.module,  # noqa: B023
                FunctionModule(lambda x: maps.pad_to(x, *SIZE)),
                torch.randn(2, 4, 5, 6),
                suspects=maps.pad_to_mistakes(*SIZE),
            )
        )
        assert said == suspect.message


def test_every_known_mistake_of_a_sum_of_maps_is_named() -> None:
    inputs = torch.randn(2, 4, 9, 7), torch.randn(2, 6, 5, 4)
    for suspect in maps.add_maps_mistakes():
        said = message_of(
            lambda: same_function(
                suspect.module,  # noqa: B023
                FunctionModule(maps.add_maps),
                *inputs,
                suspects=maps.add_maps_mistakes(),
            )
        )
        assert said == suspect.message


@pytest.mark.parametrize("sizes", BLOCKS)
def test_every_known_mistake_of_a_skip_is_named(sizes: tuple[int, int, int, bool]) -> None:
    x = torch.randn(4, 4, 8, 8)
    suspects = skips.skip_mistakes(*sizes)
    for suspect in suspects:
        said = message_of(
            lambda: same_function(suspect.module, skips.skip_block(*sizes), x, suspects=suspects)  # noqa: B023
        )
        assert said == suspect.message


@pytest.mark.parametrize("skip", [False, True])
def test_every_known_mistake_of_a_stack_is_named(skip: bool) -> None:
    suspects = deep_stack.stack_mistakes(3, 4, skip)
    for suspect in suspects:
        said = message_of(
            lambda: same_function(
                suspect.module,  # noqa: B023
                deep_stack.stack(3, 4, skip),
                torch.randn(2, 4, 7, 7),
                suspects=suspects,
            )
        )
        assert said == suspect.message


def drawn_net() -> tuple[list[torch.Tensor], torch.Tensor]:
    weights = [0.4 * torch.randn(3, 2, 3, 3), 0.4 * torch.randn(2, 3, 3, 3), 0.4 * torch.randn(4, 2, 3, 3)]
    return weights, torch.randn(2, 2, 5, 5)


def test_the_gradient_norms_are_those_of_a_network() -> None:
    weights, x = drawn_net()
    layers: list[nn.Module] = []
    for weight in weights:
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
        conv.weight.data.copy_(weight)
        conv.bias.data.fill_(0.1)
        layers += [conv, nn.Tanh()]
    net = nn.Sequential(*layers)
    net(x).square().mean().backward()
    norms = [parameter.grad.norm().item() for parameter in net.parameters() if parameter.dim() > 1]
    assert deep_stack.gradient_norms(weights, x) == pytest.approx(norms, rel=1e-4)


@pytest.mark.parametrize("known", [deep_stack.gradient_norm_mistakes(), deep_stack.accumulation_mistakes()])
def test_every_known_mistake_of_gradient_norms_is_named(known: list) -> None:
    calls = [drawn_net() for _call in range(3)]
    for mistake in known:
        said = message_of(
            lambda: same_results(mistake.function, deep_stack.gradient_norms, calls, mistakes=known, tolerance=1e-4)  # noqa: B023
        )
        assert mistake.message in said


def test_every_known_mistake_of_a_padding_of_convolutions_is_named() -> None:
    calls = [(1,), (3,), (5,), (7,)]
    for mistake in maps.same_padding_mistakes():
        said = message_of(
            lambda: same_results(
                mistake.function,  # noqa: B023
                lambda size: size // 2,
                calls,
                mistakes=maps.same_padding_mistakes(),
            )
        )
        assert mistake.message in said


def test_without_skips_the_gradient_fades_and_with_them_it_does_not() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 8, 8, 8)
    norms = {}
    for skip in (False, True):
        net = deep_stack.stack(24, 8, skip)
        net(x).square().mean().backward()
        norms[skip] = [parameter.grad.norm().item() for parameter in net.parameters() if parameter.dim() > 1]
    assert norms[False][0] < 1e-4 * norms[False][-1]
    assert 0.1 < norms[True][0] / norms[True][-1] < 10
