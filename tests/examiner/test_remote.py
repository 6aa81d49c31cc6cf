"""Stand-ins: the same numbers, bit for bit, as the same module in this process."""

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from grader.checks.gradients import gradients_reach_every_parameter
from grader.errors import LimitExceeded, StudentCodeRaised
from grader.examiner.remote import RemoteModule, Session
from grader.sandbox.kernel import Kernel

STUDENT = """
import torch, time
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

def projection(i, o, s):
    return nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o))

def make(kind, i, o, s):
    block = BasicBlock if kind == "basic" else Bottleneck
    wide = o * block.expansion
    return block(i, o, s, projection(i, wide, s) if s != 1 or i != wide else None)

def scale(a, b=2.0):
    return a * b, {"more": [a + 1]}

def changes(x):
    x.add_(1)
    return x

class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.LazyConv2d(4, 3)
        self.drop = nn.Dropout(0.5)
    def forward(self, x):
        return self.drop(self.conv(x))

class Broken(nn.Module):
    def forward(self, x):
        y = x @ x
        return undefined_name

class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
    def forward(self, x):
        return self.conv(x) + x.detach()

def slow():
    time.sleep(60)

answer, names, values = 42, ["a", ("b", None)], torch.arange(3)
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
"""


@pytest.fixture(scope="module")
def student(kernel: Kernel):
    run = kernel.run(STUDENT)
    assert run.error is None, run.error
    names = ["make", "scale", "changes", "Lazy", "Broken", "Detached", "slow", "answer", "names", "values", "net"]
    return Session(kernel).names(names)


def local(kind: str, i: int, o: int, s: int) -> nn.Module:
    block = BasicBlock if kind == "basic" else Bottleneck
    wide = o * block.expansion
    shortcut = None
    if s != 1 or i != wide:
        shortcut = nn.Sequential(nn.Conv2d(i, wide, 1, s, bias=False), nn.BatchNorm2d(wide))
    return block(i, o, s, shortcut)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("kind", "i", "o", "s"), [("basic", 4, 4, 1), ("basic", 4, 8, 2), ("bottle", 8, 2, 1), ("bottle", 4, 4, 2)]
)
def test_output_gradients_and_statistics_are_bit_equal(
    student, kind: str, i: int, o: int, s: int, training: bool
) -> None:
    remote = student["make"](kind, i, o, s)
    here = local(kind, i, o, s)
    here.load_state_dict(remote.state_dict())
    here.train(training)
    remote.train(training)
    for _ in range(2):
        x = torch.randn(2, i, 9, 9)
        x_here, x_there = x.clone().requires_grad_(), x.clone().requires_grad_()
        out_here, out_there = here(x_here), remote(x_there)
        weight = torch.randn_like(out_here)
        (out_here * weight).sum().backward()
        (out_there * weight).sum().backward()
        assert torch.equal(out_here, out_there)
        assert torch.equal(x_here.grad, x_there.grad)
        for (name, mine), (other, theirs) in zip(here.named_parameters(), remote.named_parameters(), strict=True):
            assert name == other
            assert torch.equal(mine.grad, theirs.grad), name
        for (name, mine), theirs in zip(here.named_buffers(), remote.buffers(), strict=True):
            assert torch.equal(mine, theirs), name
        torch.optim.SGD([*here.parameters(), *remote.parameters()], lr=0.1).step()


def test_weights_written_here_are_used_there(student) -> None:
    remote = student["net"]
    with torch.no_grad():
        getattr(remote, "0").weight.zero_()
        getattr(remote, "0").bias.fill_(3.0)
    assert torch.equal(remote(torch.randn(1, 3, 5, 5)), torch.full((1, 4, 3, 3), 3.0))


def test_plain_values_are_copies(student) -> None:
    assert student["answer"] == 42
    assert student["names"] == ["a", ("b", None)]
    assert torch.equal(student["values"], torch.arange(3))


def test_structures_keep_their_gradients(student) -> None:
    a = torch.ones(3, requires_grad=True)
    product, more = student["scale"](a, b=3.0)
    (product.sum() + 2 * more["more"][0].sum()).backward()
    assert torch.equal(a.grad, torch.full((3,), 5.0))


def test_a_change_in_place_shows_in_the_callers_tensor(student) -> None:
    x = torch.zeros(3)
    student["changes"](x)
    assert torch.equal(x, torch.ones(3))


def test_a_detached_path_gives_no_gradient(student) -> None:
    block = student["Detached"]()
    x = torch.randn(1, 3, 4, 4, requires_grad=True)
    block(x).sum().backward()
    here = nn.Conv2d(3, 3, 3, padding=1)
    here.load_state_dict({"weight": block.conv.weight, "bias": block.conv.bias})
    y = x.detach().clone().requires_grad_()
    here(y).sum().backward()
    assert torch.equal(x.grad, y.grad)


def test_lazy_layers_get_their_parameters_after_the_first_call(student) -> None:
    lazy = student["Lazy"]()
    assert list(lazy.parameters()) == []
    lazy(torch.randn(1, 3, 5, 5))
    assert [tuple(p.shape) for p in lazy.parameters()] == [(4, 3, 3, 3), (4,)]


def test_gradients_reach_lazy_layers(student) -> None:
    gradients_reach_every_parameter(student["Lazy"](), torch.randn(2, 3, 5, 5))


def test_dropout_follows_the_seed_of_the_test(student) -> None:
    lazy = student["Lazy"]()
    x = torch.randn(1, 3, 5, 5)
    lazy(x)
    torch.manual_seed(7)
    there = lazy(x)
    torch.manual_seed(7)
    assert torch.equal(there, nn.functional.dropout(nn.functional.conv2d(x, lazy.conv.weight, lazy.conv.bias), 0.5))


def test_an_error_arrives_with_the_students_own_lines(student) -> None:
    with pytest.raises(StudentCodeRaised, match=r"NameError: .*undefined_name") as raised:
        student["Broken"]()(torch.ones(2, 2))
    assert ", forward: return undefined_name" in str(raised.value)
    assert "agent" not in str(raised.value)


def test_a_slow_call_ends_at_its_limit(student, kernel: Kernel) -> None:
    with pytest.raises(LimitExceeded, match="time"):
        student["slow"]()
    assert isinstance(Session(kernel).names(["net"])["net"], RemoteModule)
