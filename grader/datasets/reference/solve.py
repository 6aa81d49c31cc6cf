"""From the archive to `submission.csv`, within a time budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from grader.datasets.build import Progress
from grader.datasets.reference.fine_tuning import FineTunedNet
from grader.datasets.reference.network import ReferenceNet
from grader.datasets.reference.pictures import Pictures, read_pictures
from grader.datasets.reference.plots import plot_errors, plot_f1, plot_loss
from grader.datasets.reference.precision import faster_dtype
from grader.datasets.reference.prediction import class_chances, write_submission
from grader.datasets.reference.training import History, Point, ProgressListener, Recipe, train
from grader.datasets.reference.validation import HoldOut, Score, hold_out, score
from grader.errors import EnvironmentFault
from grader.language import _

# What prediction, plots and a machine's moods may take after the training.
_RESERVE = 0.06


@dataclass(frozen=True, slots=True)
class Solution:
    """What was made, and how.

    Attributes:
        epochs: how many were trained; fewer than asked for where time ran out.
        score: on pictures that were held out; None when the network has seen all of them.
        wall_s: time in all.
        training_wall_s: time of that spent on training.
    """

    device: str
    dtype: str
    parameters: int
    train_images: int
    test_images: int
    left_out: int
    epochs: float
    score: Score | None
    training_wall_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who is told how it goes: pictures read of pictures in all; progress of the training, 0 to 1, and the loss."""

    read: Progress = lambda _done, _total: None
    step: Callable[[float, float], None] = lambda _progress, _loss: None


def solve(
    source: Path,
    to: Path,
    recipe: Recipe,
    *,
    pretrained: bool = False,
    device: torch.device,
    dtype: torch.dtype | None = None,
    minutes: float = 13.0,
    validate: bool = False,
    plots: Path | None = None,
    weights: Path | None = None,
    reporter: Reporter | None = None,
) -> Solution:
    """Train on an archive's training pictures and name its test pictures.

    Args:
        source: the contest's zip file or folder, or the `student` folder of a class's data set.
        to: the `submission.csv` to write.
        recipe: how to train.
        pretrained: fine-tune ResNet-18 from ImageNet's weights instead of training from scratch.
        device: where to train.
        dtype: what convolutions compute in; measured if left out.
        minutes: wall time for everything.
        validate: keep pictures back and score the network on them; the submission then comes from a network that has
            not seen them.
        plots: folder for PNG files.
        weights: file for the network's weights, a state dict.
        reporter: is told how it goes.

    Raises:
        MissingDataset: there is nothing at `source`.
        EnvironmentFault: it or the ImageNet weights cannot be read, or the time is over before the training begins.
    """
    start = time.perf_counter()
    reporter = reporter or Reporter()
    pictures = read_pictures(source, recipe.size, reporter.read)
    parts = hold_out(pictures, seed=recipe.seed) if validate else None
    torch.manual_seed(recipe.seed)
    network = (FineTunedNet if pretrained else ReferenceNet)(len(pictures.classes))
    network = network.to(device).to(memory_format=torch.channels_last)
    dtype = dtype or faster_dtype(network, device, batch_size=recipe.batch_size, size=recipe.size)
    seconds = minutes * 60 * (1 - _RESERVE) - (time.perf_counter() - start)
    if seconds <= 0:
        raise _too_slow(minutes, time.perf_counter() - start)
    chosen = torch.arange(len(pictures.labels)) if parts is None else parts.train
    # `enabled` is off there unless it is said: a step took 60 ms on an H100.
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, benchmark=False):
        history = train(
            network, pictures.images[chosen].to(device), pictures.labels[chosen], recipe,
            dtype=dtype, seconds=seconds, listener=_listener(network, pictures, parts, device, reporter),
        )  # fmt: skip
    predicted = _names(pictures, class_chances(network, pictures.test_images, device=device))
    write_submission(to, pictures.test_names, predicted)
    if weights is not None:
        torch.save(network.state_dict(), weights)
    result = _judge(network, pictures, parts, device, history, plots)
    return Solution(
        device=str(device),
        dtype=str(dtype).removeprefix("torch."),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        train_images=len(chosen),
        test_images=len(pictures.test_names),
        left_out=pictures.left_out,
        epochs=history.epochs,
        score=result,
        training_wall_s=history.wall_s,
        wall_s=time.perf_counter() - start,
    )


def _listener(
    network: nn.Module, pictures: Pictures, parts: HoldOut | None, device: torch.device, reporter: Reporter
) -> ProgressListener:
    if parts is None:
        return ProgressListener(step=reporter.step)
    images, labels = pictures.images[parts.held_out], pictures.labels[parts.held_out]

    def judge(epoch: int, history: History) -> None:
        is_right = class_chances(network, images, device=device, thorough=False).argmax(dim=1) == labels
        history.f1.append(Point(epoch, is_right.double().mean().item()))

    return ProgressListener(step=reporter.step, epoch=judge)


def _judge(
    network: nn.Module, pictures: Pictures, parts: HoldOut | None, device: torch.device, history: History,
    plots: Path | None,
) -> Score | None:  # fmt: skip
    """The score on held-out pictures, and the plots."""
    if plots is not None:
        plots.mkdir(parents=True, exist_ok=True)
        plot_loss(plots / "loss.png", history)
    if parts is None:
        return None
    images = pictures.images[parts.held_out]
    truth = [pictures.classes[label] for label in pictures.labels[parts.held_out].tolist()]
    predicted = _names(pictures, class_chances(network, images, device=device))
    if plots is not None:
        plot_f1(plots / "f1.png", history, truth, predicted)
        plot_errors(plots / "errors.png", images, truth, predicted)
    return score(truth, predicted, parts.is_new_scene)


def _names(pictures: Pictures, chances: torch.Tensor) -> list[str]:
    return [pictures.classes[place] for place in chances.argmax(dim=1).tolist()]


def _too_slow(minutes: float, gone_s: float) -> EnvironmentFault:
    return EnvironmentFault(
        _("Reading the pictures took {gone:.0f} s; nothing of the {minutes:g} minutes is left for training.").format(
            gone=gone_s, minutes=minutes
        ),
        remedy=_("Give it more time with --minutes."),
    )
