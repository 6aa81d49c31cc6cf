"""Pictures of a training, as PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure
from sklearn.metrics import f1_score

from grader.datasets.reference.training import History
from grader.language import _

_SMOOTHED_STEPS = 50
_ROWS, _COLUMNS = 4, 6


def plot_loss(path: Path, history: History) -> None:
    """Loss by epoch, averaged over some steps, and the learning rate below it."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    losses = torch.tensor(history.losses)
    width = min(_SMOOTHED_STEPS, len(losses))
    smooth = losses.unfold(0, width, 1).mean(dim=1) if width else losses
    epochs = torch.linspace(0, history.epochs, len(losses))
    upper.plot(epochs[len(epochs) - len(smooth) :], smooth)
    upper.set(ylabel=_("loss"))
    lower.plot(epochs, history.learning_rates)
    lower.set(xlabel=_("epoch"), ylabel=_("learning rate"))
    figure.savefig(path)


def plot_f1(path: Path, history: History, truth: Sequence[str], predicted: Sequence[str]) -> None:
    """F1 on held-out pictures: by epoch, and of each class in the end."""
    figure = Figure(figsize=(10, 6), layout="constrained")
    curve, bars = figure.subplots(1, 2)
    curve.plot([point.epoch for point in history.f1], [point.f1 for point in history.f1], marker="o")
    curve.set(xlabel=_("epoch"), ylabel="micro F1")
    curve.grid(visible=True)
    names = sorted(set(truth))
    by_class = dict(zip(names, f1_score(truth, predicted, labels=names, average=None, zero_division=0), strict=True))
    worst_first = sorted(names, key=lambda name: (by_class[name], name))
    bars.barh(worst_first, [by_class[name] for name in worst_first])
    bars.set(xlabel="F1", xlim=(0, 1))
    figure.savefig(path)


def plot_errors(path: Path, images: torch.Tensor, truth: Sequence[str], predicted: Sequence[str]) -> None:
    """Held-out pictures with a wrong answer: what they show and what the network said.

    Args:
        path: the PNG file.
        images: (N, 3, H, W), uint8.
        truth: names of the classes.
        predicted: what the network said.
    """
    figure = Figure(figsize=(2 * _COLUMNS, 2.3 * _ROWS), layout="constrained")
    axes = figure.subplots(_ROWS, _COLUMNS)
    for axis in axes.flat:
        axis.axis("off")
    wrong = [place for place, (true, said) in enumerate(zip(truth, predicted, strict=True)) if true != said]
    for axis, place in zip(axes.flat, wrong, strict=False):
        axis.imshow(images[place].permute(1, 2, 0).numpy())
        axis.set_title(
            _("{truth},\nnot {predicted}").format(truth=truth[place], predicted=predicted[place]), fontsize=7
        )
    figure.savefig(path)
