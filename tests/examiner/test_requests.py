"""How many requests a hidden test makes, and what they carry."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from examining import examining
from torch import nn

from grader.checks import gradients_match, same_function
from grader.examiner.calls import fused_backward
from grader.examiner.remote import Session
from grader.sandbox.kernel import Kernel

NET = """
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)
    def forward(self, x):
        return self.linear(x)
class Around(nn.Module):
    def __init__(self, parts):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.sum = float(sum(p.sum() for p in self.parameters()))
class OfTheNotebook(nn.Module):
    def __init__(self):
        super().__init__()
        self.sum = float(net.linear.weight.sum())
class OfAList(nn.Module):
    def __init__(self):
        super().__init__()
        self.sum = float(rest[0].linear.weight.sum() + held.net.linear.weight.sum() + kept[0].linear.weight.sum())
class Held:
    pass
class Anew(Net):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
    def forward(self, x):
        return checkpoint(lambda y: self.norm(self.linear(y)), x, use_reentrant=False)
def keep(module):
    kept.append(module)
class InPlace(Net):
    def forward(self, x):
        y = torch.sigmoid(self.linear(x))
        y_squared = y * y
        y += 1
        return y_squared
class Short(Net):
    def forward(self, x):
        return self.linear(x)[:1]
def penalty():
    return (net.linear.weight ** 2).sum()
net = Net()
rest, held, kept = [Net()], Held(), []
held.net = Net()
"""


class Listening:
    """A kernel whose requests are written down."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.requests: list[dict[str, Any]] = []

    def request(self, content: dict[str, Any], buffers: Any, meanwhile: Any, answering: Any) -> Any:
        self.requests.append(content)
        return self.kernel.request(content, buffers, meanwhile, answering)

    @property
    def operations(self) -> list[str]:
        return [request["op"] for request in self.requests]


@pytest.fixture
def channel(kernel: Kernel) -> Listening:
    ran = kernel.run(NET)
    assert ran.error is None, ran.error
    return Listening(kernel)


@pytest.fixture
def named(channel: Listening) -> Iterator[Callable[[str], Any]]:
    session = Session(channel)
    with examining(channel.kernel):
        yield lambda name: session.names([name])[name]


def test_a_training_step_is_one_request(channel: Listening, named: Callable[[str], Any]) -> None:
    net, x = named("Net")(), torch.randn(4, 3, requires_grad=True)
    channel.requests.clear()
    gradient = torch.randn(4, 2)
    with fused_backward(gradient):
        output = net(x)
    (output * gradient).sum().backward()
    assert channel.operations == ["call"]
    assert x.grad is not None
    assert torch.equal(x.grad, gradient @ net.linear.weight)
    assert torch.equal(net.linear.bias.grad, gradient.sum(0))


def test_another_gradient_than_was_announced_is_asked_for(channel: Listening, named: Callable[[str], Any]) -> None:
    net, x = named("Net")(), torch.randn(4, 3, requires_grad=True)
    channel.requests.clear()
    with fused_backward(torch.randn(4, 2)):
        output = net(x)
    output.sum().backward()
    assert channel.operations == ["call", "backward"]
    assert x.grad is not None
    assert torch.equal(x.grad, torch.ones(4, 2) @ net.linear.weight)


@pytest.mark.parametrize("kind", ["InPlace", "Short"])
def test_a_backward_pass_that_cannot_be_done_at_once_is_asked_for(
    kind: str, channel: Listening, named: Callable[[str], Any]
) -> None:
    net, x = named(kind)(), torch.randn(4, 3, requires_grad=True)
    channel.requests.clear()
    with fused_backward(torch.randn(4, 2)):
        output = net(x)
    if kind == "InPlace":
        with pytest.raises(Exception, match="modified by an inplace operation"):
            output.sum().backward()
    else:
        output.sum().backward()
        assert x.grad is not None
        assert torch.equal(x.grad[1:], torch.zeros(3, 3))
    assert channel.operations == ["call", "backward"]


def test_a_comparison_of_gradients_takes_two_requests(channel: Listening, named: Callable[[str], Any]) -> None:
    class Right(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.linear(x)
            return y

    net = named("Net")()
    channel.requests.clear()
    gradients_match(net, Right(), torch.randn(4, 3))
    assert channel.operations == ["call", "call"]


def test_a_class_is_told_of_the_modules_that_it_may_use(channel: Listening, named: Callable[[str], Any]) -> None:
    first, second, net = named("Net")(), named("Net")(), named("net")
    for module in (first, second, net):
        with torch.no_grad():
            module.linear.weight.fill_(1.5)
            module.linear.bias.zero_()
    channel.requests.clear()
    assert named("Around")([first]).sum == pytest.approx(9)
    owners = [request["owners"] for request in channel.requests if request["op"] == "call"]
    assert [len(told) for told in owners] == [2]
    assert named("OfTheNotebook")().sum == pytest.approx(9)


def test_a_class_sees_what_was_written_into_modules_that_it_may_reach(named: Callable[[str], Any]) -> None:
    modules = [named("rest")[0], named("held").net, named("Net")()]
    named("keep")(modules[-1])
    for module in modules:
        with torch.no_grad():
            module.linear.weight.fill_(1)
    assert named("OfAList")().sum == pytest.approx(18)


def test_a_module_that_computes_its_forward_pass_anew_is_right(named: Callable[[str], Any]) -> None:
    right = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    same_function(named("Anew")(), right, torch.randn(4, 3))


def test_a_function_is_told_of_all_modules_and_their_gradients_come_back(named: Callable[[str], Any]) -> None:
    net = named("net")
    with torch.no_grad():
        net.linear.weight.fill_(2)
    named("penalty")().backward()
    assert torch.equal(net.linear.weight.grad, torch.full((2, 3), 4.0))
