"""Fine-tuning of a small ready network: weights that are loaded, a head that is replaced, a body that is frozen.

The network is the notebook's `ReadyNet`: convolutions 3x3 with ReLU and a max pooling behind each, the mean over the
picture, and a linear layer. Here it is a function of its tensors: weight and bias of each convolution, then those of
the head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import drawing
from grader.checks.counting import parameter_count
from grader.checks.functions import same_results
from grader.checks.known_mistakes import WrongFormula
from grader.errors import CheckFailed
from grader.language import _

LEARNING_RATE = 0.5
Weights = list[Tensor]


def drawn_weights(*channels: int, classes: int) -> Weights:
    """Random tensors of a network, large enough that a training step shows in its answers."""
    weights: Weights = []
    for before, after in zip((1, *channels), channels, strict=False):
        weights += [torch.randn(after, before, 3, 3) / (3 * before**0.5), 0.3 * torch.rand(after)]
    return [*weights, torch.randn(classes, channels[-1]), torch.randn(classes)]


def drawn_networks() -> list[Weights]:
    """Tensors of three networks of other widths and depths than in the visible test."""
    widths, classes = drawing.numbers(6, 7, 14), drawing.numbers(3, 4, 9)
    channels = [(widths[0],), (widths[1], widths[2]), (widths[3], widths[4], widths[5])]
    return [drawn_weights(*sizes, classes=count) for sizes, count in zip(channels, classes, strict=True)]


def drawn_calls() -> list[tuple[Weights, Tensor]]:
    """Networks with pictures for each."""
    return [(weights, torch.randn(3, 1, 16, 16)) for weights in drawn_networks()]


def calls_for_a_new_head() -> list[tuple[Weights, int, Tensor]]:
    """Networks with a new number of classes and pictures for each."""
    classes = drawing.numbers(3, 10, 20)
    return [(weights, count, x) for (weights, x), count in zip(drawn_calls(), classes, strict=True)]


def calls_with_labels(has_unfrozen: bool) -> list[tuple[object, ...]]:
    """Networks with pictures, their classes, and whether the body has been unfrozen again."""
    rest = (True,) if has_unfrozen else ()
    return [(weights, x, torch.randint(len(weights[-1]), (3,)), *rest) for weights, x in drawn_calls()]


def features(weights: Weights, x: Tensor) -> Tensor:
    """What the head gets: (N, 1, H, W) -> (N, C)."""
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = F.max_pool2d(F.relu(F.conv2d(x, weight, bias, padding=1)), 2)
    return x.mean(dim=(2, 3))


def answers(weights: Weights, x: Tensor) -> Tensor:
    """Logits (N, K)."""
    return F.linear(features(weights, x), weights[-2], weights[-1])


def answers_of_a_head_of_ones(weights: Weights, num_classes: int, x: Tensor) -> Tensor:
    """Logits (N, num_classes) of a new head whose weights are all 1 and whose biases are 0."""
    return features(weights, x).sum(dim=1, keepdim=True).expand(-1, num_classes)


def answers_after_step(weights: Weights, x: Tensor, labels: Tensor, has_unfrozen: bool = False) -> Tensor:
    """Logits after one step of gradient descent of the head, or of everything."""
    return _answers_after_step(weights, x, labels, range(len(weights)) if has_unfrozen else _head(weights))


def _answers_after_step(weights: Weights, x: Tensor, labels: Tensor, learning: range) -> Tensor:
    leaves = [tensor.detach().clone().requires_grad_() for tensor in weights]
    loss = F.cross_entropy(answers(leaves, x), labels)
    gradients = torch.autograd.grad(loss, leaves)
    after = [
        leaf - LEARNING_RATE * gradient if index in learning else leaf
        for index, (leaf, gradient) in enumerate(zip(leaves, gradients, strict=True))
    ]
    return answers([tensor.detach() for tensor in after], x)


def _head(weights: Weights) -> range:
    return range(len(weights) - 2, len(weights))


def loads_the_file(student: Callable[..., object]) -> None:
    """The network answers as the one that was saved.

    Args:
        student: weights, pictures -> logits of a network that has read these weights from a file.

    Raises:
        CheckFailed: it answers otherwise, or raises.
    """
    reading = _("The network's weights are not those of the file: does `load_state_dict` put them into `net`?")
    _same_answers(student, answers, drawn_calls(), ("weights", "x"), (), reading)


def replaces_the_head(student: Callable[..., object], network: Callable[..., nn.Module]) -> None:
    """The head is another one, and the body the same.

    Args:
        student: weights, number of classes, pictures -> logits when the new head's weights are 1 and its biases 0.
        network: weights, number of classes -> the network with its new head.

    Raises:
        CheckFailed: it answers otherwise, or raises.
    """
    old_head = WrongFormula(
        lambda weights, num_classes, x: answers_of_a_head_of_ones(weights, len(weights[-1]), x),
        _("The head has as many classes as before: a new layer has to be put into `net.classifier`."),
    )
    body = _("The body has changed: only the head is new, all the rest of the network stays as it is.")
    names = "weights", "num_classes", "x"
    _same_answers(student, answers_of_a_head_of_ones, calls_for_a_new_head(), names, [old_head], body)
    for weights, num_classes, x in calls_for_a_new_head():
        net = network(weights, num_classes)
        expected = sum(tensor.numel() for tensor in weights[:-2]) + (weights[-2].shape[1] + 1) * num_classes
        if sum(parameter.numel() for parameter in net.parameters()) == expected - num_classes:
            raise CheckFailed(_("The new head has no bias."))
        parameter_count(net, expected, x)


def lets_learn(student: Callable[..., object], *, has_unfrozen: bool) -> None:
    """A training step changes the head alone, or all of the network.

    Args:
        student: weights, pictures, classes, whether the body is unfrozen again -> logits after a training step.
        has_unfrozen: whether to ask behind `freeze` and `unfreeze`, or behind `freeze` alone.

    Raises:
        CheckFailed: other parameters have learned, or it raises.
    """
    names = "weights", "x", "labels", "has_unfrozen"
    others = _("Other parameters have learned than should: look at `requires_grad` of each of them.")
    _same_answers(
        student, answers_after_step, calls_with_labels(has_unfrozen), names, step_mistakes(has_unfrozen), others
    )


def _same_answers(
    student: Callable[..., object],
    reference: Callable[..., Tensor],
    calls: Sequence[tuple[Any, ...]],
    names: Sequence[str],
    mistakes: Sequence[WrongFormula],
    otherwise: str,
) -> None:
    """As `same_results`; where no mistake is known, the reader is told what the answers depend on."""
    try:
        same_results(student, reference, calls, names=names, mistakes=mistakes, tolerance=1e-4)
    except CheckFailed as failure:
        if failure.remedy:
            raise
        raise CheckFailed(failure.message, remedy=otherwise) from failure


def step_mistakes(has_unfrozen: bool) -> list[WrongFormula]:
    """Networks in which other parameters learn than should."""
    nothing = _("Nothing learns: after `freeze` the head still has to, and after `unfreeze` everything.")
    wrong: list[tuple[Callable[[Weights], range], str]] = [
        (lambda weights: range(0), nothing),
        (
            lambda weights: range(len(weights) - 2),
            _("The body learns and the head is frozen; it is the other way round."),
        ),
        (
            lambda weights: range(len(weights) - 2, len(weights) - 1),
            _("The bias of the head is frozen: all of the head learns, weights and bias."),
        ),
    ]
    if has_unfrozen:
        wrong.append((_head, _("The body is still frozen: after `unfreeze` everything learns, body and head.")))
    else:
        everything = _("The body is not frozen: its parameters still learn.")
        wrong.append((lambda weights: range(len(weights)), everything))
        wrong.append((lambda weights: range(2, len(weights)), _("Only the first convolution is frozen, not the body.")))

    def step(learning: Callable[[Weights], range]) -> Callable[..., Tensor]:
        return lambda weights, x, labels, *_rest: _answers_after_step(weights, x, labels, learning(weights))

    return [WrongFormula(step(learning), message) for learning, message in wrong]
