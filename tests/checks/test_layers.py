"""Whatever holds the tensors: they are read as layers, and what is computed counts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from grader.checks import parameter_count, same_function
from grader.checks.known_mistakes import Suspect
from grader.checks.layers import fitted, layers_of
from grader.errors import CheckFailed

REFERENCE = [
    ("conv", (6, 3, 3, 3)), ("norm", (6,)), ("conv", (6, 6, 1, 1)), ("norm", (6,)), ("linear", (4, 6)),
]  # fmt: skip


def reference() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU()),
        *(nn.Conv2d(6, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)),
    )


def drawn(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * 0.3)


class Net(nn.Module):
    """The reference's function; each subclass holds its tensors in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.norm2 = nn.Conv2d(6, 6, 1, bias=False), nn.BatchNorm2d(6)
        self.head = nn.Linear(6, 4)

    def one(self, x: Tensor) -> Tensor:
        return self.norm1(self.conv1(x))

    def two(self, x: Tensor) -> Tensor:
        return self.norm2(self.conv2(x))

    def last(self, x: Tensor) -> Tensor:
        return self.head(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(self.two(F.relu(self.one(x)))).mean((2, 3)))


class Parameters(Net):
    def __init__(self) -> None:
        super().__init__()
        del self.conv1, self.conv2, self.head
        self.w1, self.w2, self.w3, self.b3 = drawn(6, 3, 3, 3), drawn(6, 6, 1, 1), drawn(4, 6), drawn(4)

    def one(self, x: Tensor) -> Tensor:
        return self.norm1(F.conv2d(x, self.w1, padding=1))

    def two(self, x: Tensor) -> Tensor:
        return self.norm2(F.conv2d(x, self.w2))

    def last(self, x: Tensor) -> Tensor:
        return F.linear(x, self.w3, self.b3)


class Lists(Net):
    def __init__(self) -> None:
        super().__init__()
        del self.conv1, self.conv2, self.head
        self.weights = nn.ParameterList([drawn(6, 3, 3, 3), drawn(6, 6, 1, 1), drawn(4, 6)])
        self.biases = nn.ParameterList([drawn(6), drawn(6), drawn(4)])

    def one(self, x: Tensor) -> Tensor:
        return self.norm1(F.conv2d(x, self.weights[0], self.biases[0], padding=1))

    def two(self, x: Tensor) -> Tensor:
        return self.norm2(F.conv2d(x, self.weights[1], self.biases[1]))

    def last(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weights[2], self.biases[2])


class OwnNorm(nn.Module):
    def __init__(self, channels: int, *, names: str = "gamma beta mean var", shape: tuple[int, ...] = (-1,)) -> None:
        super().__init__()
        self.names = names.split()
        for name in self.names:
            start = torch.ones if name in {"gamma", "var", "weight", "running_var", "scale"} else torch.zeros
            value = start(channels).reshape(shape)
            if name in {"gamma", "beta", "weight", "bias", "scale", "shift"}:
                self.register_parameter(name, nn.Parameter(value))
            else:
                self.register_buffer(name, value)

    def forward(self, x: Tensor) -> Tensor:
        named = {name: getattr(self, name).reshape(-1) for name in self.names}
        scale = next(named[name] for name in ("gamma", "weight", "scale") if name in named)
        shift = next(named[name] for name in ("beta", "bias", "shift") if name in named)
        mean, var = (next(named[name] for name in named if name.endswith(end)) for end in ("mean", "var"))
        return F.batch_norm(x, mean, var, scale, shift, self.training)


class OwnNorms(Net):
    def __init__(self, names: str, shape: tuple[int, ...] = (-1,)) -> None:
        super().__init__()
        self.norm1, self.norm2 = (OwnNorm(6, names=names, shape=shape) for _norm in range(2))


class EverythingInOne(Net):
    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.w1, self.gamma1, self.beta1 = drawn(6, 3, 3, 3), drawn(6), drawn(6)
        self.w2, self.b2, self.gamma2, self.beta2 = drawn(6, 6, 1, 1), drawn(6), drawn(6), drawn(6)
        self.w3, self.b3 = drawn(4, 6), drawn(4)
        for number in (1, 2):
            self.register_buffer(f"mean{number}", torch.zeros(6))
            self.register_buffer(f"var{number}", torch.ones(6))

    def one(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.w1, padding=1)
        return F.batch_norm(x, self.mean1, self.var1, self.gamma1, self.beta1, self.training)

    def two(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.w2, self.b2)
        return F.batch_norm(x, self.mean2, self.var2, self.gamma2, self.beta2, self.training)

    def last(self, x: Tensor) -> Tensor:
        return F.linear(x, self.w3, self.b3)


class LinearOverChannels(Net):
    def __init__(self) -> None:
        super().__init__()
        self.conv2 = nn.Linear(6, 6, bias=False)

    def two(self, x: Tensor) -> Tensor:
        return self.norm2(self.conv2(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


class Unfolded(Net):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Linear(27, 6, bias=False)

    def one(self, x: Tensor) -> Tensor:
        windows = self.conv1(F.unfold(x, 3, padding=1).transpose(1, 2)).transpose(1, 2)
        return self.norm1(windows.unflatten(2, x.shape[2:]))


class Parametrized(Net):
    def __init__(self) -> None:
        super().__init__()
        parametrize.register_parametrization(self.conv1, "weight", nn.Identity())
        parametrize.register_parametrization(self.head, "bias", nn.Identity())


class Constants(Net):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("ones", torch.ones(1, 6, 1, 1))
        self.register_buffer("zeros", torch.zeros(6))

    def two(self, x: Tensor) -> Tensor:
        return super().two(x) * self.scale * self.ones + self.zeros[:, None, None]


RIGHT = {
    "parameters": Parameters,
    "lists": Lists,
    "own norm": lambda: OwnNorms("gamma beta mean var"),
    "own norm, the other way round": lambda: OwnNorms("beta gamma running_var running_mean"),
    "own norm, as PyTorch calls it": lambda: OwnNorms("weight bias running_mean running_var"),
    "own norm, half as PyTorch calls it": lambda: OwnNorms("weight bias moving_mean moving_var"),
    "own norm with four axes": lambda: OwnNorms("gamma beta moving_mean moving_var", (1, -1, 1, 1)),
    "everything in one module": EverythingInOne,
    "linear over channels": LinearOverChannels,
    "unfolded": Unfolded,
    "parametrized": Parametrized,
    "constants": Constants,
}


def images() -> Tensor:
    return torch.randn(4, 3, 7, 6)


@pytest.mark.parametrize("kind", RIGHT)
def test_whatever_holds_the_tensors_the_layers_are_the_same(kind: str) -> None:
    right = layers_of(reference())
    assert [layer.signature for layer in right] == REFERENCE
    found = fitted(layers_of(RIGHT[kind]()), right)
    assert Counter(layer.signature for layer in found) == Counter(REFERENCE)


@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_computed_counts_whatever_holds_the_tensors(kind: str) -> None:
    same_function(RIGHT[kind](), reference(), images())
    expected = sum(parameter.numel() for parameter in reference().parameters())
    parameter_count(RIGHT[kind](), expected, conv_biases=False)


@pytest.mark.parametrize("kind", RIGHT)
def test_a_layer_finds_its_tensors_by_their_names_in_the_state(kind: str) -> None:
    module = RIGHT[kind]()
    state = module.state_dict()
    names = [layer.full_name(name) for layer in layers_of(module) for name in layer.tensors]
    assert len(set(names)) == len(names)
    assert set(names) <= set(state)
    assert {name for name, _parameter in module.named_parameters()} <= set(names)
    with torch.no_grad():
        for layer in layers_of(module):
            for tensor in layer.tensors.values():
                tensor.fill_(7)
    assert all(bool((state[name] == 7).all()) for name in names)


class NeverNormalised(OwnNorm):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma[:, None, None] + self.beta[:, None, None]


class Wrong(Net):
    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what
        if what == "factor":
            self.register_buffer("scale", torch.full((1,), 1.01))
        if what == "weight in a buffer":
            del self.conv2
            self.register_buffer("w2", torch.randn(6, 6, 1, 1))
        if what == "learned factor":
            self.scale = nn.Parameter(torch.ones(1))
        if what == "norm that is none":
            self.norm2 = NeverNormalised(6)
        if what == "linear over rows":
            self.conv2 = nn.Linear(6, 6, bias=False)
        if what == "momentum":
            self.norm2 = OwnNorm(6)
            self.norm2.forward = lambda x: F.batch_norm(  # type: ignore[method-assign]
                x, self.norm2.mean, self.norm2.var, self.norm2.gamma, self.norm2.beta, self.training, 0.2
            )

    def two(self, x: Tensor) -> Tensor:
        if self.what == "factor":
            return super().two(x) * self.scale
        if self.what == "weight in a buffer":
            return self.norm2(F.conv2d(x, self.w2))
        if self.what == "learned factor":
            return super().two(x) * self.scale
        return super().two(x)


@pytest.mark.parametrize(
    "what",
    ["factor", "weight in a buffer", "learned factor", "norm that is none", "linear over rows", "momentum"],
)
def test_what_is_another_function_fails_whatever_holds_the_tensors(what: str) -> None:
    with pytest.raises(CheckFailed):
        same_function(Wrong(what), reference(), torch.randn(4, 3, 6, 6))


class Affine(nn.Module):
    """A linear layer as mathematicians write it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.W, self.b = drawn(inputs, outputs), drawn(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.W + self.b


def linear_layers(layer: type[nn.Module], *widths: int) -> nn.Sequential:
    return nn.Sequential(*(part for sizes in pairwise(widths) for part in (layer(*sizes), nn.ReLU())))


@pytest.mark.parametrize("widths", [(5, 8, 3), (6, 6, 6), (5, 8, 8, 3), (6, 6, 6, 6)], ids=str)
def test_a_weight_may_have_its_inputs_first(widths: tuple[int, ...]) -> None:
    same_function(linear_layers(Affine, *widths), linear_layers(nn.Linear, *widths), torch.randn(6, widths[0]))


def test_a_transposed_weight_is_no_excuse_for_another_function() -> None:
    without_relu = nn.Sequential(Affine(6, 6), Affine(6, 6), nn.ReLU())
    with pytest.raises(CheckFailed):
        same_function(without_relu, linear_layers(nn.Linear, 6, 6, 6), torch.randn(6, 6))


def test_a_known_mistake_that_is_none_here_is_not_named() -> None:
    student = nn.Sequential(nn.Linear(4, 4), nn.ReLU6())
    right = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    suspect = Suspect(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), "Something else.")
    for _try in range(10):
        with pytest.raises(CheckFailed) as failed:
            same_function(student, right, 20 * torch.randn(8, 4), suspects=[suspect])
        assert "Something else" not in str(failed.value)
