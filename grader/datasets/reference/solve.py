"""From the archive to `submission.csv`, within a time budget."""

from __future__ import annotations

import math
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
from grader.datasets.reference.planning import FINE_TUNING_LADDER, LADDER, Bench, Plan, plan
from grader.datasets.reference.plots import plot_errors, plot_f1, plot_loss
from grader.datasets.reference.prediction import class_chances, for_other_frequencies, write_submission
from grader.datasets.reference.training import (
    Compute,
    History,
    Point,
    ProgressListener,
    Recipe,
    class_shares,
    epoch_pictures,
    train,
)
from grader.datasets.reference.validation import HoldOut, Score, hold_out, score
from grader.errors import EnvironmentFault
from grader.language import _

# Pictures are kept so large, and made smaller for each part of the training; those for ImageNet's weights larger.
READ_SIZE, READ_SIZE_PRETRAINED = 80, 128
# What prediction, plots and a machine's moods may take after the training.
_RESERVE = 0.04
# Wall time for everything.
MINUTES = {"cpu": 10.0, "cuda": 2.0}


@dataclass(frozen=True, slots=True)
class Solution:
    """What was made, and how.

    Attributes:
        dtype, is_channels_last: what the machine computes fastest.
        picture_side: height and width of the pictures in the last part of the training, pixels.
        epochs: how many were trained; fewer than planned where the machine became slower.
        planned_epochs: how many the machine should finish in its time; None where steps were counted instead.
        score: on pictures that were held out; None when the network has seen all of them.
        wall_s: time in all.
        training_wall_s: time of that spent on training.
    """

    device: str
    dtype: str
    is_channels_last: bool
    picture_side: int
    batch_size: int
    parameters: int
    train_images: int
    test_images: int
    left_out: int
    epochs: float
    planned_epochs: int | None
    score: Score | None
    reading_wall_s: float
    measuring_wall_s: float
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
    epochs: int | None = None,
    size: int | None = None,
    pretrained: bool = False,
    device: torch.device,
    minutes: float | None = None,
    validate: bool = False,
    plots: Path | None = None,
    weights: Path | None = None,
    reporter: Reporter | None = None,
) -> Solution:
    """Train on an archive's training pictures and name its test pictures.

    Network, size of the pictures, batch, type and number of epochs are chosen for the machine, so that the training
    ends in its time (`planning`). Where the recipe counts steps, all is done as the recipe says, in float32, and
    neither clock nor machine decide anything.

    Args:
        source: the contest's zip file or folder, or the `student` folder of a class's data set.
        to: the `submission.csv` to write.
        recipe: how to train.
        epochs: how many at most; None: as many as are useful.
        size: height and width of the pictures in the end; None: chosen.
        pretrained: fine-tune ResNet-18 from ImageNet's weights instead of training from scratch.
        device: where to train.
        minutes: wall time for everything; None: `MINUTES` of the device.
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
    reporter, minutes = reporter or Reporter(), MINUTES.get(device.type, 10.0) if minutes is None else minutes
    side = max(READ_SIZE_PRETRAINED if pretrained else READ_SIZE, size or 0, recipe.size if recipe.steps else 0)
    pictures = read_pictures(source, side, reporter.read)
    parts = hold_out(pictures, seed=recipe.seed) if validate else None
    chosen = torch.arange(len(pictures.labels)) if parts is None else parts.train
    labels, reading_wall_s = pictures.labels[chosen], time.perf_counter() - start

    def build(wanted: Recipe) -> nn.Module:
        number = len(pictures.classes)
        return FineTunedNet(number) if pretrained else ReferenceNet(number, wanted.widths, wanted.depths)

    def time_left_s() -> float:
        left = minutes * 60 * (1 - _RESERVE) - (time.perf_counter() - start)
        if left <= 0:
            raise _too_slow(minutes, time.perf_counter() - start)
        return left

    # `enabled` is off there unless it is said: a step took 60 ms on an H100.
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, benchmark=False):
        if recipe.steps is None:
            planned = plan(
                recipe, FINE_TUNING_LADDER if pretrained else LADDER, Bench(build, device),
                epoch_pictures=epoch_pictures(labels), seconds=time_left_s(), epochs=epochs, size=size,
            )  # fmt: skip
        else:
            planned = Plan(recipe, Compute(), expected_s=0.0, measuring_s=0.0)
        recipe, compute = planned.recipe, planned.compute
        torch.manual_seed(recipe.seed)
        network = build(recipe).to(device).to(memory_format=compute.memory_format)
        history = train(
            network, pictures.images[chosen].to(device), labels, recipe, compute=compute,
            seconds=math.inf if recipe.steps is not None else time_left_s(),
            listener=_listener(network, pictures, parts, recipe, device, reporter),
        )  # fmt: skip
    shares = class_shares(labels)
    write_submission(to, pictures.test_names, _named(network, pictures, pictures.test_images, shares, recipe, device))
    if weights is not None:
        torch.save(network.state_dict(), weights)
    result = _judge(network, pictures, parts, shares, recipe, device, history, plots)
    return Solution(
        device=str(device),
        dtype=str(compute.dtype).removeprefix("torch."),
        is_channels_last=compute.is_channels_last,
        picture_side=recipe.size,
        batch_size=recipe.batch_size,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        train_images=len(chosen),
        test_images=len(pictures.test_names),
        left_out=pictures.left_out,
        epochs=history.epochs,
        planned_epochs=recipe.epochs if recipe.steps is None else None,
        score=result,
        reading_wall_s=reading_wall_s,
        measuring_wall_s=planned.measuring_s,
        training_wall_s=history.wall_s,
        wall_s=time.perf_counter() - start,
    )


def _listener(
    network: nn.Module, pictures: Pictures, parts: HoldOut | None, recipe: Recipe, device: torch.device,
    reporter: Reporter,
) -> ProgressListener:  # fmt: skip
    if parts is None:
        return ProgressListener(step=reporter.step)
    images, labels = pictures.images[parts.held_out], pictures.labels[parts.held_out]

    def judge(epoch: int, history: History) -> None:
        chances = class_chances(network, images, device=device, size=recipe.size, is_mirrored=False)
        is_right = chances.argmax(dim=1) == labels
        history.f1.append(Point(epoch, is_right.double().mean().item()))

    return ProgressListener(step=reporter.step, epoch=judge)


def _judge(
    network: nn.Module, pictures: Pictures, parts: HoldOut | None, shares: torch.Tensor, recipe: Recipe,
    device: torch.device, history: History, plots: Path | None,
) -> Score | None:  # fmt: skip
    """The score on held-out pictures, and the plots."""
    if plots is not None:
        plots.mkdir(parents=True, exist_ok=True)
        plot_loss(plots / "loss.png", history)
    if parts is None:
        return None
    images = pictures.images[parts.held_out]
    truth = [pictures.classes[label] for label in pictures.labels[parts.held_out].tolist()]
    predicted = _named(network, pictures, images, shares, recipe, device)
    if plots is not None:
        plot_f1(plots / "f1.png", history, truth, predicted)
        plot_errors(plots / "errors.png", images, truth, predicted)
    return score(truth, predicted, parts.is_new_scene)


def _named(
    network: nn.Module, pictures: Pictures, images: torch.Tensor, shares: torch.Tensor, recipe: Recipe,
    device: torch.device,
) -> list[str]:  # fmt: skip
    """Names of the classes on pictures that are all to be named."""
    chances = for_other_frequencies(class_chances(network, images, device=device, size=recipe.size), shares)
    return [pictures.classes[place] for place in chances.argmax(dim=1).tolist()]


def _too_slow(minutes: float, gone_s: float) -> EnvironmentFault:
    return EnvironmentFault(
        _("Reading the pictures took {gone:.0f} s; nothing of the {minutes:g} minutes is left for training.").format(
            gone=gone_s, minutes=minutes
        ),
        remedy=_("Give it more time with --minutes."),
    )
