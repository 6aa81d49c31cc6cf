from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from grader.checks import gradients_match, same_function
from grader.checks.resnet.bottleneck import bottleneck, bottleneck_mistakes
from grader.checks.resnet.network import NETWORKS, resnet, resnet_mistakes, resnet_parameters, stage_mistakes
from grader.errors import CheckFailed

SIZES = [(16, 16, 1), (16, 24, 2), (16, 16, 2), (24, 16, 1)]
PUBLISHED = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
}


@pytest.mark.parametrize("sizes", SIZES)
def test_every_known_mistake_of_a_bottleneck_is_named(sizes: tuple[int, int, int]) -> None:
    x = torch.randn(4, sizes[0], 10, 10)
    for suspect in bottleneck_mistakes(*sizes):
        with pytest.raises(CheckFailed) as caught:
            same_function(suspect.module, bottleneck(*sizes), x, suspects=bottleneck_mistakes(*sizes))
        assert caught.value.message == suspect.message


@pytest.mark.parametrize("sizes", SIZES)
def test_the_right_bottleneck_is_none_of_the_mistakes(sizes: tuple[int, int, int]) -> None:
    x = torch.randn(4, sizes[0], 10, 10)
    for suspect in bottleneck_mistakes(*sizes):
        with pytest.raises(CheckFailed):
            same_function(bottleneck(*sizes), suspect.module, x)


def test_a_mistake_that_shows_in_training_only_is_named_before_its_gradients() -> None:
    sizes = (16, 24, 2)
    (last,) = [suspect for suspect in bottleneck_mistakes(*sizes) if "last 1x1" in suspect.message]
    x = torch.randn(4, 16, 10, 10)
    with pytest.raises(CheckFailed) as caught:
        gradients_match(last.module, bottleneck(*sizes), x, suspects=bottleneck_mistakes(*sizes))
    assert caught.value.message == last.message
    with pytest.raises(CheckFailed, match=r"In `eval\(\)` mode the output is right"):
        gradients_match(last.module, bottleneck(*sizes), x)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_numbers_of_parameters_are_the_published_ones(name: str) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)()
    assert resnet_parameters(name) == PUBLISHED[name] == sum(parameter.numel() for parameter in theirs.parameters())


def test_the_networks_are_torchvisions() -> None:
    block, depths, expansion = NETWORKS["resnet50"]
    same_function(
        torchvision.models.resnet50(num_classes=5),
        resnet(depths, 5, block=block, expansion=expansion),
        torch.randn(2, 3, 64, 64),
        gradients=False,
    )


def probe(in_channels: int, out_channels: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1), nn.ReLU())


def test_every_known_mistake_of_a_network_of_probes_is_named() -> None:
    depths, sizes = (2, 1, 3, 1), {"num_classes": 5, "width": 4, "block": probe, "expansion": 2}
    x = torch.randn(4, 3, 40, 48)
    for suspect in resnet_mistakes(depths, **sizes):
        with pytest.raises(CheckFailed) as caught:
            same_function(suspect.module, resnet(depths, **sizes), x, suspects=resnet_mistakes(depths, **sizes))
        assert caught.value.message == suspect.message


@pytest.mark.parametrize("sizes", [(4, 6, 1, 2), (4, 6, 3, 2), (4, 6, 4)])
def test_every_known_mistake_of_a_stage_is_named(sizes: tuple[int, ...]) -> None:
    in_channels, out_channels, depth, *stride = sizes
    right = [probe(in_channels, out_channels, *stride), *(probe(out_channels, out_channels) for _ in range(depth - 1))]
    for suspect in stage_mistakes(probe, *sizes):
        with pytest.raises(CheckFailed) as caught:
            same_function(
                suspect.module, nn.Sequential(*right), torch.randn(2, 4, 12, 12), suspects=stage_mistakes(probe, *sizes)
            )
        assert caught.value.message == suspect.message
