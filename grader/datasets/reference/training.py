"""Training: as many epochs as planned, or by the clock where the machine turns out slower, or a number of steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

from grader.datasets.reference.augmentation import augmented

PEAK = 3.5e-3
_WARM_UP = 0.2
_LATE_START = 0.1
# Until which share of the training pictures are how much smaller. A step's time grows with the square of the side.
_PHASES = ((0.4, 5 / 8), (0.75, 3 / 4), (1.0, 1.0))
# Sides in steps of this, pixels: convolutions and the strides of the network like even numbers.
_GRID = 8
# Classes with a smaller share of the pictures than this are shown more often than they occur.
_RARE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    Attributes:
        size: height and width of the pictures in the last part of the training, pixels. The parts before see them
            smaller, which is quicker and teaches the coarse things as well.
        epochs: how often every picture is shown, if time allows.
        widths: channels of the network's stages; with `depths`, the blocks in each.
        peak: highest learning rate.
        steps: steps to take instead, whatever they cost: the clock then decides nothing, and the same seed gives the
            same network on the same device. None: `epochs` and the clock decide.
    """

    size: int = 64
    epochs: int = 10
    widths: tuple[int, ...] = (64, 128, 256)
    depths: tuple[int, ...] = (1, 1, 1)
    batch_size: int = 32
    peak: float = PEAK
    weight_decay: float = 0.1
    label_smoothing: float = 0.1
    seed: int = 0
    steps: int | None = None

    def size_at(self, progress: float) -> int:
        """Height and width of training pictures when this share of the training is done."""
        return self._side(next((share for until, share in _PHASES if progress < until), 1.0))

    def phases(self) -> Iterator[tuple[float, int]]:
        """Parts of the training: the share of the steps that each takes, and its pictures' height and width."""
        begin = 0.0
        for until, share in _PHASES:
            yield until - begin, self._side(share)
            begin = until

    def progress_at(self, time_share: float) -> float:
        """How far the training is, 0 to 1, when this share of its time is over."""
        costs = [(part, part * size**2) for part, size in self.phases()]
        left, done = time_share * sum(cost for _part, cost in costs), 0.0
        for part, cost in costs:
            if left < cost:
                return done + part * left / cost
            left, done = left - cost, done + part
        return 1.0

    def _side(self, share: float) -> int:
        return _GRID * round(self.size * share / _GRID) if share < 1 else self.size


@dataclass(frozen=True, slots=True)
class Compute:
    """How a machine computes the same thing fastest.

    Attributes:
        dtype: what convolutions compute in, float32 or bfloat16; weights stay float32.
        is_channels_last: how pictures and features lie in memory.
    """

    dtype: torch.dtype = torch.float32
    is_channels_last: bool = True

    @property
    def memory_format(self) -> torch.memory_format:
        """Torch's name for it."""
        return torch.channels_last if self.is_channels_last else torch.contiguous_format


@dataclass(frozen=True, slots=True)
class Point:
    """How good the network was on held-out pictures after some epochs."""

    epoch: int
    f1: float


@dataclass(slots=True)
class History:
    """What happened.

    Attributes:
        losses: one for each step.
        learning_rates: one for each step.
        f1: on held-out pictures, where there are any; the caller adds them.
        epochs: how many were trained, and a part of the last one where time ran out.
        wall_s: how long that took.
    """

    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    f1: list[Point] = field(default_factory=list)
    epochs: float = 0.0
    wall_s: float = 0.0


def one_cycle(progress: float) -> float:
    """Share of the peak learning rate: a warm-up, then a cosine to zero (Smith, Topin 2017)."""
    if progress < _WARM_UP:
        return 0.04 + 0.96 * progress / _WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (min(progress, 1) - _WARM_UP) / (1 - _WARM_UP))


def epoch_order(labels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Every picture at least once, in random order; those of rare classes several times.

    A class with the share f of the pictures is shown sqrt(t / f) times as often as it occurs (Gupta, Dollar, Girshick
    2019, repeat factor sampling).

    Args:
        labels: class numbers, (N,), int64.
        generator: where chance comes from.
    """
    repeats = _repeats(labels)
    whole = (repeats + torch.rand(len(labels), generator=generator)).floor().long()
    order = torch.arange(len(labels)).repeat_interleave(whole)
    return order[torch.randperm(len(order), generator=generator)]


def epoch_pictures(labels: torch.Tensor) -> float:
    """How many pictures an epoch shows on average, repetitions counted."""
    return _repeats(labels).sum().item()


def class_shares(labels: torch.Tensor) -> torch.Tensor:
    """The classes' shares of what an epoch shows, (K,), float32."""
    shown = torch.zeros(int(labels.max()) + 1).index_add(0, labels, _repeats(labels))
    return shown / shown.sum()


def _repeats(labels: torch.Tensor) -> torch.Tensor:
    share = labels.bincount() / len(labels)
    return (_RARE_SHARE / share).sqrt().clamp(min=1)[labels]


@dataclass(frozen=True, slots=True)
class ProgressListener:
    """What is called as the training goes on.

    Attributes:
        step: called after each step with progress, 0 to 1, and the loss.
        epoch: called after each epoch with its number, from 1, and the history; may judge the network.
    """

    step: Callable[[float, float], None] = lambda _progress, _loss: None
    epoch: Callable[[int, History], None] = lambda _number, _history: None


def train(
    network: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    recipe: Recipe,
    *,
    compute: Compute | None = None,
    seconds: float = math.inf,
    listener: ProgressListener | None = None,
) -> History:
    """Teach the network.

    Learning rate and size of the pictures follow progress. Progress is the share of the steps that is done, or, on a
    machine too slow for all of them, follows the clock. So a slow machine takes fewer steps, and still ends with the
    small ones. The same seed gives the same network, on the same device, if time suffices for all epochs; with
    `recipe.steps`, always.

    Args:
        network: images (N, 3, H, W), float32, 0 to 255 -> logits (N, K).
        images: (N, 3, H, W), uint8, on the network's device.
        labels: class numbers, (N,), int64, on the processor.
        recipe: how to.
        compute: in which type, and how it lies in memory.
        seconds: wall time to be used at most; nothing where the recipe counts steps.
        listener: is called as the training goes on.
    """
    listener, compute = listener or ProgressListener(), compute or Compute()
    generator = torch.Generator().manual_seed(recipe.seed)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    history, start = History(), time.perf_counter()
    network.train()
    for epoch in range(recipe.epochs if recipe.steps is None else recipe.steps):
        batches = epoch_order(labels, generator).split(recipe.batch_size)
        for number, batch in enumerate(batches):
            history.epochs = epoch + number / len(batches)
            history.wall_s = time.perf_counter() - start
            progress = _progress(recipe, history, history.wall_s / seconds)
            if progress >= 1:
                return history
            optimizer.param_groups[0]["lr"] = recipe.peak * one_cycle(progress)
            history.learning_rates.append(optimizer.param_groups[0]["lr"])
            x = augmented(images[batch.to(images.device)], recipe.size_at(progress), generator)
            history.losses.append(one_step(network, optimizer, x, labels[batch], recipe.label_smoothing, compute))
            listener.step(progress, history.losses[-1])
        history.epochs, history.wall_s = float(epoch + 1), time.perf_counter() - start
        listener.epoch(epoch + 1, history)
        network.train()
    return history


def _progress(recipe: Recipe, history: History, share_of_time: float) -> float:
    """How far the training is, 0 to 1.

    The clock starts late and arrives in time: a machine that is as fast as planned never notices it, whatever its
    hiccups, so chance stays out of its learning rates.
    """
    if recipe.steps is not None:
        return len(history.losses) / recipe.steps
    late = max(0.0, (share_of_time - _LATE_START) / (1 - _LATE_START))
    return max(history.epochs / recipe.epochs, recipe.progress_at(late))


def one_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, label_smoothing: float,
    compute: Compute,
) -> float:  # fmt: skip
    """One step of gradient descent on images x (N, 3, H, W), float32, and class numbers y (N,); the loss before it."""
    with torch.autocast(x.device.type, compute.dtype, enabled=compute.dtype != torch.float32):
        logits = network(x.contiguous(memory_format=compute.memory_format))
    loss = F.cross_entropy(logits.float(), y.to(x.device), label_smoothing=label_smoothing)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
