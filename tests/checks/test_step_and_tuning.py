"""The training step and fine-tuning: right answers pass, and every known mistake is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from check_messages import message_of
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import WrongFormula, same_results
from grader.checks.densenet import tuning
from grader.checks.skip_connection import step


def step_of(student: Callable[..., object]) -> None:
    names = step.STEP_ARGUMENTS
    same_results(student, step.gradient_step, step.step_calls(), names=names, mistakes=step.step_mistakes())


def steps_of(student: Callable[..., object]) -> None:
    names, mistakes = step.DISTANCE_ARGUMENTS, step.distance_mistakes()
    same_results(student, step.steps_needed, step.distance_calls(), names=names, mistakes=mistakes)


def each(check: Callable[..., None], mistakes: Sequence[WrongFormula]) -> list[Any]:
    return [pytest.param(check, one, id=f"{check.__name__}-{number}") for number, one in enumerate(mistakes)]


@pytest.mark.parametrize(
    ("check", "mistake"), [*each(step_of, step.step_mistakes()), *each(steps_of, step.distance_mistakes())]
)
def test_a_known_mistake_of_the_training_step_is_named(check: Callable[..., None], mistake: WrongFormula) -> None:
    for _draw in range(10):
        assert mistake.message in message_of(lambda: check(mistake.function))


def test_steps_that_are_counted_one_by_one_are_right() -> None:
    def counted(distance: float, gradient: float, alpha: float) -> int:
        weight, steps = 0.0, 0
        while abs(weight) < distance:
            weight, steps = weight - alpha * gradient, steps + 1
        return steps

    for _draw in range(10):
        steps_of(counted)
        step_of(lambda weights, gradients, alpha: torch.tensor(weights) - alpha * torch.tensor(gradients))


class ReadyNet(nn.Module):
    """The notebook's network, of the tensors that a check draws."""

    def __init__(self, weights: list[Tensor]) -> None:
        super().__init__()
        self.features = nn.Sequential()
        for weight in weights[:-2:2]:
            self.features.extend(
                [nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            )
        self.classifier = nn.Linear(weights[-2].shape[1], len(weights[-1]))
        with torch.no_grad():
            for parameter, values in zip(self.parameters(), weights, strict=True):
                parameter.copy_(values)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))


def after_step(learns: Callable[[str], bool]) -> Callable[..., Tensor]:
    """A training step of the parameters that are chosen by their names."""

    def answers(weights: list[Tensor], x: Tensor, labels: Tensor, has_unfrozen: bool = False) -> Tensor:
        net = ReadyNet(weights)
        learning = [parameter for name, parameter in net.named_parameters() if learns(name)]
        F.cross_entropy(net(x), labels).backward()
        if learning:
            torch.optim.SGD(learning, lr=tuning.LEARNING_RATE).step()
        return net(x).detach()

    return answers


def test_networks_of_torch_that_are_tuned_rightly_pass() -> None:
    tuning.loads_the_file(lambda weights, x: ReadyNet(weights)(x))
    tuning.lets_learn(after_step(lambda name: name.startswith("classifier")), has_unfrozen=False)
    tuning.lets_learn(after_step(lambda name: True), has_unfrozen=True)


@pytest.mark.parametrize(
    ("learns", "has_unfrozen", "said"),
    [
        (lambda name: True, False, "not frozen"),
        (lambda name: False, False, "Nothing learns"),
        (lambda name: name.startswith("features"), False, "other way round"),
        (lambda name: not name.startswith("features.0"), False, "Only the first convolution"),
        (lambda name: name == "classifier.weight", False, "bias of the head is frozen"),
        (lambda name: name.startswith("classifier"), True, "still frozen"),
        (lambda name: name.endswith("weight"), True, "`requires_grad` of each"),
    ],
)
def test_what_should_not_learn_and_does_is_named(learns: Callable[[str], bool], has_unfrozen: bool, said: str) -> None:
    assert said in message_of(lambda: tuning.lets_learn(after_step(learns), has_unfrozen=has_unfrozen))


def headed(body: Callable[[list[Tensor]], list[Tensor]], bias: bool = True) -> tuple[Callable[..., Any], ...]:
    def network(weights: list[Tensor], num_classes: int) -> nn.Module:
        net = ReadyNet(body(weights))
        net.classifier = nn.Linear(net.classifier.in_features, num_classes, bias=bias)
        return net

    def answers(weights: list[Tensor], num_classes: int, x: Tensor) -> Tensor:
        net = network(weights, num_classes)
        with torch.no_grad():
            for name, parameter in net.classifier.named_parameters():
                parameter.fill_(float(name == "weight"))
        return net(x).detach()

    return answers, network


def test_a_new_head_on_the_old_body_passes_and_other_networks_are_told_apart() -> None:
    tuning.replaces_the_head(*headed(lambda weights: weights))
    another = headed(lambda weights: [torch.randn_like(tensor) for tensor in weights])
    assert "The body has changed" in message_of(lambda: tuning.replaces_the_head(*another))
    assert "no bias" in message_of(lambda: tuning.replaces_the_head(*headed(lambda weights: weights, bias=False)))
    assert "not those of the file" in message_of(
        lambda: tuning.loads_the_file(lambda weights, x: ReadyNet([torch.randn_like(one) for one in weights])(x))
    )
