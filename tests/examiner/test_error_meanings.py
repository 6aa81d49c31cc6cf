"""What PyTorch and Python say is explained by what somebody wrote, with the very words of the installed versions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.examiner.error_meanings import explain, named_rightly
from grader.language import speaking

X = torch.zeros(2, 3, 8, 8)


class Misspelt(nn.Module):
    def __int__(self, channels: int) -> None:  # noqa: PLE0302  the mistake
        pass


class WithoutForward(nn.Module):
    def forwad(self, x):
        return x


class NotAModule:
    pass


class SuperWithoutBrackets(nn.Module):
    def __init__(self) -> None:
        super.__init__()  # noqa: PLW0245  the mistake


class WithoutSelf(nn.Module):
    def forward(x):
        return x


def unbound(x):
    if x is None:
        out = x
    return out


def backward_after_in_place() -> None:
    x = torch.ones(2, requires_grad=True).exp()
    y = x * x
    x.add_(1)
    y.sum().backward()


def in_place_on_a_leaf() -> None:
    torch.ones(2, requires_grad=True).add_(1)


def shadowed(sum: object) -> object:
    return F.max_pool2d(sum([X]), 2)


CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: X + torch.zeros(2, 4, 8, 8), "3 and 4 numbers along axis 1"),
    (lambda: X + torch.zeros(2, 3, 8, 4), "8 and 4 long along axis 3"),
    (lambda: X + None, "One of the two is None"),
    (lambda: X + nn.ReLU(), "A layer has to be called"),
    (lambda: WithoutForward()(X), "has no method `forward`"),
    (lambda: nn.ModuleList([nn.ReLU()])(X), "`nn.ModuleList` only keeps layers"),
    (lambda: Misspelt(3), "not `__int__`"),
    (lambda: Misspelt(channels=3), "not `__int__`"),
    (lambda: Misspelt(3, 4), "not `__int__`"),
    (lambda: nn.Conv2d(3, 4, 1, pading=1), "`nn.Conv2d` has no argument of this name"),
    (SuperWithoutBrackets, "write `super().__init__()`"),
    (lambda: WithoutSelf()(X), "is `self`"),
    (lambda: NotAModule()(X), "class NotAModule(nn.Module):"),
    (lambda: NotAModule().parameters(), "class NotAModule(nn.Module):"),
    (lambda: nn.Sequential([nn.ReLU()]), "nn.Sequential(*layers)"),
    (lambda: nn.Sequential(nn.ReLU), "`nn.ReLU()`"),
    (lambda: nn.ModuleList({"a": nn.ReLU()}), "not a dict"),
    (lambda: nn.Conv2d(3, 16 / 4, 3), "use `//`"),
    (lambda: nn.Conv2d(16 / 4, 3, 3), "use `//`"),
    (lambda: nn.BatchNorm2d(16 / 4), "use `//`"),
    (lambda: nn.Linear(16 / 4, 3), "use `//`"),
    (lambda: range(4 / 2), "use `//`"),
    (lambda: shadowed(0), "the name of a function"),
    (lambda: shadowed([]), "been called `list`"),
    (lambda: NotAModule(3), "not `__int__`"),
    (lambda: X.max_pool2d(2), "has a variable been called `F`"),
    (lambda: X.relu(X), "has a variable been called `F`"),
    (lambda: torch.cat(X, X), "`torch.cat` takes a list"),
    (lambda: unbound(1), "before it has got a value"),
    (backward_after_in_place, "the backward pass still needs"),
    (in_place_on_a_leaf, "changes a parameter"),
    (lambda: nn.ReLU(X)(X), "yes or no"),
    (X.cuda, "device = 'cuda' if"),
]


@pytest.mark.parametrize(("wrong", "said"), CASES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_torch_and_python_say_is_explained(wrong: Callable[[], object], said: str, language: str) -> None:
    with pytest.raises((Exception,)) as caught:
        wrong()
    text = f"{type(caught.value).__name__}: {caught.value}"
    assert said in explain(text)
    with speaking(language):
        assert bool(explain(text)) == bool(explain(text).strip())
        assert "{" not in explain(text)


def test_a_gradient_that_nobody_asked_for_is_told_by_the_line_that_reads_it() -> None:
    text = "AttributeError: 'NoneType' object has no attribute 'norm'"
    assert "backward" in explain(f"{text}\n  In [3], line 4, norms: return [p.grad.norm() for p in net.parameters()]")
    assert "backward" not in explain(f"{text}\n  In [3], line 4, norms: return layer(x).norm()")
    assert "backward" not in explain(f"{text}\n  In [3], line 4, slope: torch.autograd.grad(y, x); layer(x).norm()")


@pytest.mark.parametrize(
    "text", ["NameError: name 'сonv' is not defined", "AttributeError: 'Net' object has no attribute 'сonv'"]
)
def test_cyrillic_letters_in_a_name_are_named(text: str) -> None:
    assert "these letters are Cyrillic: с." in explain(text)
    with speaking("ru"):
        assert "русские буквы: с." in explain(text)


@pytest.mark.parametrize("name", ["conv", "свёртка", "слой"])
def test_a_name_that_looks_like_no_latin_one_says_nothing_of_letters(name: str) -> None:
    assert explain(f"NameError: name '{name}' is not defined") == ""


def test_a_class_without_forward_is_no_unsolved_task() -> None:
    with pytest.raises(NotImplementedError) as caught:
        WithoutForward()(X)
    assert named_rightly(f"NotImplementedError: {caught.value}").startswith("Module [WithoutForward]")
    assert named_rightly("NotImplementedError: ") == "NotImplementedError: "
