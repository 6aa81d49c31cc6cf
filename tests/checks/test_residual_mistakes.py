from __future__ import annotations

import pytest
import torch

from grader.checks import same_function
from grader.checks.resnet.block import basic_block, basic_block_mistakes
from grader.checks.resnet.network import resnet, resnet_mistakes
from grader.errors import CheckFailed

SIZES = [(8, 8, 1), (6, 10, 2), (6, 6, 2), (6, 10, 1)]
NET = ([1, 1, 2, 1], 5, 4)


@pytest.mark.parametrize("sizes", SIZES)
def test_every_known_mistake_of_a_block_is_named(sizes: tuple[int, int, int]) -> None:
    x = torch.randn(4, sizes[0], 14, 14)
    for suspect in basic_block_mistakes(*sizes):
        with pytest.raises(CheckFailed) as caught:
            same_function(suspect.module, basic_block(*sizes), x, suspects=basic_block_mistakes(*sizes))
        assert caught.value.message == suspect.message


def test_every_known_mistake_of_a_network_is_named() -> None:
    x = torch.randn(4, 3, 64, 64)
    for suspect in resnet_mistakes(*NET):
        with pytest.raises(CheckFailed) as caught:
            same_function(suspect.module, resnet(*NET), x, suspects=resnet_mistakes(*NET))
        assert caught.value.message == suspect.message


@pytest.mark.parametrize("sizes", SIZES)
def test_the_right_block_is_none_of_the_mistakes(sizes: tuple[int, int, int]) -> None:
    x = torch.randn(4, sizes[0], 14, 14)
    for suspect in basic_block_mistakes(*sizes):
        with pytest.raises(CheckFailed):
            same_function(basic_block(*sizes), suspect.module, x)


def test_parameters_of_any_width_are_those_of_the_network_itself() -> None:
    from torchvision import models

    from grader.checks.resnet import network as residual_network

    for name, (block, depths, expansion) in residual_network.NETWORKS.items():
        with torch.device("meta"):
            made = [getattr(models, name)(), residual_network.resnet(depths, 12, 5, block=block, expansion=expansion)]
        counted = [sum(parameter.numel() for parameter in net.parameters()) for net in made]
        assert counted == [residual_network.resnet_parameters(name), residual_network.resnet_parameters(name, 12, 5)]
