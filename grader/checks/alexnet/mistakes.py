"""The ways in which students get AlexNet wrong, each as a net, and checks that name them.

A mistake is an edit of the right net: layers taken out, put into another order, or changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from grader.checks.alexnet.network import GRID, Groups, alexnet_classifier, alexnet_features, alexnet_groups, row_of
from grader.checks.calling import call, mode, require_module
from grader.checks.equivalence import same_function
from grader.checks.known_mistakes import Suspect
from grader.checks.shapes import output_has_shape
from grader.errors import CheckFailed
from grader.language import _

Edit = Callable[[Groups], None]


def features_match(student: object, channels: Sequence[int], x: Tensor, *, gradients: bool = False) -> None:
    """The student's module is the convolutional part, in training mode too.

    Args:
        student: the student's module.
        channels: maps after each of the five convolutions, all different.
        x: images (N, 3, H, W).
        gradients: compare the gradients too.

    Raises:
        CheckFailed: another function; the message names the likely mistake.
    """
    suspects = features_mistakes(channels)
    try:
        same_function(student, alexnet_features(channels), x, suspects=suspects, gradients=gradients)
    except CheckFailed as failure:
        for suspect in features_training_mistakes(channels):
            try:
                same_function(student, suspect.module, x, gradients=False)
            except CheckFailed:
                continue
            raise CheckFailed(suspect.message) from failure
        raise


OTHER_SIZES = ((259, 244), (291, 302), (330, 355))


def features_shape_matches(
    student: Callable[..., object], channels: Sequence[int], sizes: Sequence[Sequence[int]]
) -> None:
    """What the student's function builds turns images of each size into maps of the right shape.

    Args:
        student: channels -> module.
        channels: maps after each of the five convolutions.
        sizes: height and width of the images.

    Raises:
        CheckFailed: another shape; the message names the likely mistake.
    """
    module = require_module(student(channels))
    images = [torch.randn(2, 3, *size) for size in sizes]
    try:
        for x in images:
            output_has_shape(module, x, shape=_shape(alexnet_features(channels), x) or ())
    except CheckFailed as failure:
        # Of one size other mistakes make the same: several have to agree.
        images += [torch.randn(1, 3, *size) for size in OTHER_SIZES]
        found = [_shape(module, x, is_student=True) for x in images]
        if None not in found:
            for suspect in features_shape_mistakes(channels):
                if found == [_shape(suspect.module, x) for x in images]:
                    raise CheckFailed(failure.message, remedy=suspect.message) from failure
        raise


_TOO_SHORT = re.compile(r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)")


def alexnet_has_shape(module: object, x: Tensor, shape: Sequence[int]) -> None:
    """The whole net turns images into logits of this shape.

    Args:
        module: the student's net.
        x: images (N, 3, 227, 227).
        shape: expected shape of the output.

    Raises:
        CheckFailed: another shape, or an exception; a net that is made for images of 224 pixels is told so.
    """
    try:
        output_has_shape(module, x, shape=shape)
    except CheckFailed as failure:
        sizes = _TOO_SHORT.search(failure.message)
        if sizes and int(sizes[1]) * 25 == int(sizes[2]) * GRID:
            remedy = _(
                "The first linear layer is made for maps of 5x5, which images of 224 pixels would give. Ours have 227, "
                "and the last maps are 6x6."
            )
            raise CheckFailed(failure.message, remedy=remedy) from failure
        raise


def _shape(module: nn.Module, x: Tensor, *, is_student: bool = False) -> tuple[int, ...] | None:
    with torch.no_grad(), mode(module, training=False):
        try:
            return tuple((call(module, x) if is_student else module(x)).shape)
        except (CheckFailed, RuntimeError):
            return None


def _edited(channels: Sequence[int], edit: Edit, tail: Sequence[nn.Module] = ()) -> nn.Module:
    groups = alexnet_groups(channels)
    edit(groups)
    return nn.Sequential(*row_of(groups), *tail)


def _without(kind: type[nn.Module], numbers: Sequence[int] = range(5)) -> Edit:
    """Take the layers of a kind out of some groups."""

    def edit(groups: Groups) -> None:
        for number in numbers:
            groups[number][:] = [layer for layer in groups[number] if not isinstance(layer, kind)]

    return edit


def _with_pool(pool: Callable[[], nn.Module], numbers: Sequence[int] = (0, 1, 4)) -> Edit:
    def edit(groups: Groups) -> None:
        for number in numbers:
            groups[number][-1] = pool()

    return edit


def _with_padding(padding: int, number: int) -> Edit:
    def edit(groups: Groups) -> None:
        convolution = groups[number][0]
        if isinstance(convolution, nn.Conv2d):
            convolution.padding = (padding, padding)

    return edit


def _ordered(*order: int) -> Edit:
    """Put convolution, BatchNorm, ReLU and pooling (0, 1, 2, 3) of the first two groups into another order."""

    def edit(groups: Groups) -> None:
        for group in groups[:2]:
            group[:] = [group[index] for index in order]

    return edit


def _with_response_norm(groups: Groups) -> None:
    for group in groups[:2]:
        group[:] = [group[0], group[2], nn.LocalResponseNorm(5, k=2), group[3]]


def _with_response_norm_after(numbers: Sequence[int]) -> Edit:
    """Put a response normalisation behind the ReLU of some groups; everything else stays."""

    def edit(groups: Groups) -> None:
        for number in numbers:
            groups[number].insert(3, nn.LocalResponseNorm(5))

    return edit


def _with_more_norms(groups: Groups) -> None:
    for group in groups[2:]:
        convolution = group[0]
        if isinstance(convolution, nn.Conv2d):
            group.insert(1, nn.BatchNorm2d(convolution.out_channels))


def _features_edits() -> list[tuple[Edit, str]]:
    """Ways to get the convolutional part wrong that keep the shape of its output on images of 227 x 227."""
    relu = [
        (
            _without(nn.ReLU, [number]),
            _("There is no ReLU after convolution {number}.").format(number=number + 1),
        )
        for number in range(5)
    ]
    return [
        *relu,
        (_without(nn.ReLU), _("There is no ReLU at all.")),
        (_without(nn.ReLU, [2, 3, 4]), _("There is no ReLU after the last three convolutions.")),
        (_without(nn.ReLU, [2, 3]), _("There is no ReLU between the last three convolutions.")),
        (
            _ordered(0, 2, 1, 3),
            _("BatchNorm stands after ReLU. The order of the task is convolution, BatchNorm, ReLU, MaxPool."),
        ),
        (_without(nn.BatchNorm2d), _("There is no BatchNorm; it follows the first and the second convolution.")),
        (_with_response_norm, _("LocalResponseNorm is used; our task has BatchNorm in its place.")),
        *(
            (_with_response_norm_after(numbers), _("There is a LocalResponseNorm; our network does without it."))
            for numbers in ([0], [0, 1])
        ),
        (
            _with_more_norms,
            _("BatchNorm follows every convolution; our task has it after the first and the second one only."),
        ),
        (
            _with_padding(2, 0),
            _("The first convolution has padding=2, as in torchvision, for images of 224 pixels. Here it has none."),
        ),
        *(
            (
                _with_padding(padding, 0),
                _("The first convolution has padding={padding}; here it has none.").format(padding=padding),
            )
            for padding in (1, 3, 4, 5)
        ),
        (
            _with_pool(lambda: nn.MaxPool2d(2)),
            _("The poolings have a 2x2 window. It is 3x3 with stride 2 here: neighbouring windows overlap."),
        ),
        (_with_pool(lambda: nn.AvgPool2d(3, stride=2)), _("The mean is taken in the poolings instead of the maximum.")),
    ]


def features_mistakes(channels: Sequence[int], tail: Callable[[], Sequence[nn.Module]] = tuple) -> list[Suspect]:
    """Convolutional parts that are wrong in a known way.

    Args:
        channels: maps after each of the five convolutions.
        tail: makes the layers behind the convolutional part.
    """

    def edited(edit: Edit) -> nn.Module:
        return _edited(channels, edit, tail())

    suspects = [Suspect(partial(edited, edit), message) for edit, message in _features_edits()]
    if not any(number % 2 for number in channels):
        split = _("The convolutions have groups=2, as in 2012 on two GPUs. Here every map sees all maps before it.")
        suspects.append(Suspect(lambda: nn.Sequential(*row_of(alexnet_groups(channels, groups=2)), *tail()), split))
    return suspects


def features_training_mistakes(channels: Sequence[int]) -> list[Suspect]:
    """The right function in evaluation mode, another one in training mode."""

    def with_dropout(groups: Groups) -> None:
        groups[4].append(nn.Dropout(0.5))

    return [
        Suspect(
            partial(_edited, channels, _ordered(0, 3, 1, 2)),
            _(
                "BatchNorm stands after pooling, so while it trains it sees the maxima only. The order of the task is "
                "convolution, BatchNorm, ReLU, MaxPool."
            ),
        ),
        Suspect(
            partial(_edited, channels, with_dropout),
            _("There is dropout in the convolutional part; the task has it in the classifier only."),
        ),
    ]


def features_shape_mistakes(channels: Sequence[int]) -> list[Suspect]:
    """Convolutional parts whose output has another shape."""

    def with_stride(groups: Groups) -> None:
        convolution = groups[0][0]
        if isinstance(convolution, nn.Conv2d):
            convolution.stride = (1, 1)

    edges = _("A convolution loses pixels at the edges: the second one needs padding=2, the last three padding=1.")
    missing = _("A pooling is missing: there is one after convolutions 1, 2 and 5.")
    edits: list[tuple[Edit, str]] = [
        (
            _with_pool(lambda: nn.MaxPool2d(3)),
            _("Without `stride` a pooling has the stride of its window, here 3: write `nn.MaxPool2d(3, stride=2)`."),
        ),
        (
            _with_pool(lambda: nn.MaxPool2d(3), [4]),
            _("The last pooling has the stride 3. All three have a 3x3 window and the stride 2."),
        ),
        (with_stride, _("The first convolution has no stride; it is 4.")),
        *((_with_padding(0, number), edges) for number in (1, 2, 3, 4)),
        (_with_padding(1, 1), edges),
        *((_without(nn.MaxPool2d, [number]), missing) for number in (0, 1, 4)),
        (_with_pool(lambda: nn.MaxPool2d(3, stride=1)), _("The poolings have the stride 1; it is 2.")),
        (
            _with_pool(lambda: nn.MaxPool2d(3, stride=2, padding=1)),
            _("The poolings have padding; here they have none."),
        ),
    ]
    return [Suspect(partial(_edited, channels, edit), message) for edit, message in edits]


def _linear_edits() -> list[tuple[Callable[[list[nn.Module]], list[nn.Module]], str]]:
    """Ways to get the linear part wrong; dropout is measured apart."""
    softmax = _("There is a softmax at the end: the loss applies it again, so return the logits.")
    return [
        (
            lambda layers: [layer for layer in layers if not isinstance(layer, nn.ReLU)],
            _("There is no ReLU between the linear layers: without it three of them can do no more than one."),
        ),
        (lambda layers: layers[:1] + layers[2:], _("There is no ReLU after the first linear layer.")),
        (lambda layers: layers[:4] + layers[5:], _("There is no ReLU after the second linear layer.")),
        (
            lambda layers: [*layers, nn.ReLU()],
            _("There is a ReLU after the last linear layer: logits may be negative."),
        ),
        (lambda layers: [*layers, nn.Softmax(dim=1)], softmax),
        (lambda layers: [*layers, nn.LogSoftmax(dim=1)], softmax),
        (
            lambda layers: [*layers, nn.Sigmoid()],
            _("There is a sigmoid at the end: return the logits, the loss does the rest."),
        ),
    ]


def classifier_mistakes(in_features: int, hidden: int, num_classes: int) -> list[Suspect]:
    """Linear parts that are wrong in a known way."""

    def edited(edit: Callable[[list[nn.Module]], list[nn.Module]]) -> nn.Module:
        return nn.Sequential(*edit([*alexnet_classifier(in_features, hidden, num_classes)]))

    # In the whole net nothing negative comes to the first linear layer, and this ReLU changes nothing.
    early = Suspect(
        lambda: edited(lambda layers: [nn.ReLU(), *layers]), _("There is a ReLU before the first linear layer.")
    )
    return [early, *(Suspect(partial(edited, edit), message) for edit, message in _linear_edits())]


def alexnet_mistakes(num_classes: int, channels: Sequence[int], hidden: int) -> list[Suspect]:
    """Whole nets that are wrong in a known way; the shapes of input and output are right."""

    def tail() -> list[nn.Module]:
        return [nn.Flatten(), *alexnet_classifier(channels[4] * GRID, hidden, num_classes)]

    def edited(edit: Callable[[list[nn.Module]], list[nn.Module]]) -> nn.Module:
        flatten, *layers = tail()
        return nn.Sequential(*alexnet_features(channels), flatten, *edit(layers))

    linear = [Suspect(partial(edited, edit), message) for edit, message in _linear_edits()]
    return [*features_mistakes(channels, tail), *linear]
