"""Output, gradients and statistics through the boundary equal those of the same module in this process, bit for bit."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from bits import same_bits
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from grader.examiner.remote import Session
from grader.sandbox.kernel import Kernel

# Runs here and in the sandbox: the same makers on both sides.
MAKERS = """
import torch
from torch import nn
from torchvision.models import alexnet, densenet, resnet, vgg

def projection(i, o, s):
    return nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o))

def basic_block(i, o, s):
    return resnet.BasicBlock(i, o, s, projection(i, o, s) if s != 1 or i != o else None)

def bottleneck(i, o, s):
    wide = 4 * o
    return resnet.Bottleneck(i, o, s, projection(i, wide, s) if s != 1 or i != wide else None)

def dilated_bottleneck(i, o, s):
    return resnet.Bottleneck(i, 2 * o, 1, projection(i, 8 * o, 1), groups=2, base_width=64, dilation=s)

def dense_layer(i, o, s):
    return densenet._DenseLayer(i, growth_rate=o, bn_size=2, drop_rate=0.2 * (s - 1))

def dense_block(i, o, s):
    return densenet._DenseBlock(num_layers=s + 1, num_input_features=i, bn_size=2, growth_rate=o, drop_rate=0.0)

def transition(i, o, s):
    return densenet._Transition(i, o)

def vgg_features(i, o, s):
    first = nn.Conv2d(i, 3, 1)
    return nn.Sequential(first, *vgg.make_layers([o, "M", 2 * o, 2 * o, "M"], batch_norm=s == 2))

def alexnet_features(i, o, s):
    return nn.Sequential(
        nn.Conv2d(i, o, 5, stride=s, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, padding=1),
        nn.Conv2d(o, 2 * o, 3, padding=1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(2),
    )

def classifier(i, o, s):
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * i, 8), nn.ReLU(inplace=True),
        nn.Dropout(), nn.Linear(8, 8), nn.ReLU(inplace=True), nn.Linear(8, o),
    )

def small_densenet(i, o, s):
    net = densenet.DenseNet(growth_rate=4, block_config=(2, 2), num_init_features=8, bn_size=2, num_classes=o)
    return nn.Sequential(nn.Conv2d(i, 3, 1), net)

def small_resnet(i, o, s):
    net = resnet.ResNet(resnet.BasicBlock, [1, 1, 1, 1], num_classes=o)
    net.layer3 = net.layer4 = nn.Identity()
    net.fc = nn.Linear(128, o)
    return nn.Sequential(nn.Conv2d(i, 3, 1), net)
"""
BLOCKS = (
    "basic_block", "bottleneck", "dilated_bottleneck", "dense_layer", "dense_block", "transition",
    "vgg_features", "alexnet_features", "classifier", "small_densenet", "small_resnet",
)  # fmt: skip
HERE: dict[str, Any] = {}
exec(MAKERS, HERE)


@dataclass(frozen=True)
class Case:
    """One module on one kind of input."""

    block: str
    channels: int
    out: int
    stride: int
    batch: int
    height: int
    width: int
    layout: str
    training: bool
    dtype: torch.dtype
    seed: int


def corrupts_memory(case: Case) -> bool:
    """Whether PyTorch itself writes past its memory here, in any process.

    The backward pass of a 1x1 convolution with a stride in channels_last, on fewer channels than the processor's
    block (8 or 16), ends in "double free or corruption": https://github.com/uxlfoundation/oneDNN/issues/6035.
    """
    return case.layout == "channels_last" and case.stride > 1


cases = st.builds(
    Case,
    block=st.sampled_from(BLOCKS),
    channels=st.sampled_from([2, 4, 8]),
    out=st.sampled_from([2, 4, 8]),
    stride=st.sampled_from([1, 2]),
    batch=st.integers(2, 4),
    height=st.integers(8, 20),
    width=st.integers(8, 20),
    layout=st.sampled_from(["contiguous", "channels_last", "every other column", "transposed", "expanded"]),
    training=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.float32, torch.float64]),
    seed=st.integers(0, 2**31),
).filter(lambda case: not corrupts_memory(case))


def drawn(case: Case) -> torch.Tensor:
    shape = (case.batch, case.channels, case.height, case.width)
    if case.layout == "channels_last":
        return torch.randn(shape, dtype=case.dtype).to(memory_format=torch.channels_last)
    if case.layout == "every other column":
        return torch.randn(*shape[:3], 2 * shape[3], dtype=case.dtype)[..., ::2]
    if case.layout == "transposed":
        return torch.randn(*shape[:2], shape[3], shape[2], dtype=case.dtype).transpose(2, 3)
    if case.layout == "expanded":
        return torch.randn(shape[0], 1, *shape[2:], dtype=case.dtype).expand(shape)
    return torch.randn(shape, dtype=case.dtype)


def step(module: nn.Module, x: torch.Tensor, seed: int) -> dict[str, torch.Tensor | None]:
    """Everything that one training step leaves."""
    x = x.detach().requires_grad_()
    torch.manual_seed(seed)
    output = module(x)
    torch.manual_seed(seed + 1)
    (output * torch.randn(output.shape, dtype=output.dtype)).sum().backward()
    left = {"output": output, "x.grad": x.grad}
    left |= {f"{name}.grad": parameter.grad for name, parameter in module.named_parameters()}
    left |= {name: buffer.clone() for name, buffer in module.named_buffers()}
    module.zero_grad()
    return left


@pytest.fixture(scope="module")
def makers(kernel: Kernel) -> dict[str, Any]:
    ran = kernel.run(MAKERS)
    assert ran.error is None, ran.error
    return Session(kernel).names(BLOCKS)


def require_bit_equality(makers: dict[str, Any], case: Case) -> None:
    torch.manual_seed(case.seed)
    there = makers[case.block](case.channels, case.out, case.stride).to(case.dtype).train(case.training)
    here = HERE[case.block](case.channels, case.out, case.stride).to(case.dtype).train(case.training)
    here.load_state_dict(there.state_dict())
    optimizer = torch.optim.SGD([*here.parameters(), *there.parameters()], lr=0.05)
    for number in range(2):
        x = drawn(case)
        expected, found = step(here, x, case.seed + number), step(there, x, case.seed + number)
        assert list(found) == list(expected)
        assert [name for name in expected if not same_bits(found[name], expected[name])] == []
        assert found["output"].stride() == expected["output"].stride()
        for mine, theirs in zip(here.parameters(), there.parameters(), strict=True):
            mine.grad = torch.ones_like(mine)
            theirs.grad = torch.ones_like(theirs)
        optimizer.step()


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("training", [True, False])
def test_every_block_of_torchvision_is_bit_equal(makers: dict[str, Any], block: str, training: bool) -> None:
    require_bit_equality(makers, Case(block, 4, 4, 2, 2, 13, 11, "contiguous", training, torch.float32, 1))


@settings(max_examples=40)
@given(case=cases)
@example(Case("basic_block", 4, 8, 1, 3, 9, 12, "channels_last", True, torch.float32, 3))
def test_bits_do_not_depend_on_shapes_strides_or_modes(makers: dict[str, Any], case: Case) -> None:
    require_bit_equality(makers, case)


@pytest.mark.slow
@settings(max_examples=600)
@given(case=cases)
def test_bits_do_not_depend_on_shapes_strides_or_modes_at_length(makers: dict[str, Any], case: Case) -> None:
    require_bit_equality(makers, case)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_dtype_of_a_linear_layer_is_bit_equal(makers: dict[str, Any], dtype: torch.dtype) -> None:
    there = makers["classifier"](2, 3, 1)[3].to(dtype)
    here = nn.Linear(8, 8).to(dtype)
    here.load_state_dict(there.state_dict())
    x = torch.randn(2, 8, dtype=dtype)
    y, z = x.clone().requires_grad_(), x.clone().requires_grad_()
    here(y).abs().sum().backward()
    there(z).abs().sum().backward()
    assert there(x).dtype == dtype
    assert same_bits(here(x), there(x))
    assert same_bits(y.grad, z.grad)
    assert same_bits(here.weight.grad, there.weight.grad)


def test_a_copy_of_a_stand_in_goes_its_own_way(makers: dict[str, Any]) -> None:
    first = makers["basic_block"](4, 4, 1)
    second = copy.deepcopy(first)
    x = torch.randn(2, 4, 6, 6)
    assert same_bits(first.eval()(x), second.eval()(x))
    with torch.no_grad():
        second.conv1.weight.zero_()
    assert not torch.equal(first(x), second(x))
    first.train()(x)
    assert int(first.bn1.num_batches_tracked) == 1
    assert int(second.bn1.num_batches_tracked) == 0
