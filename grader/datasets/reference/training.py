"""Training by the clock: as many epochs as planned, or as many as the time allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

from grader.datasets.reference.augmentation import augmented

PEAK = 5e-3
_WARM_UP = 0.2
_LATE_START = 0.1
# Until which share of the training pictures are how much smaller.
_SMALLER = ((0.4, 5 / 9), (0.75, 7 / 9))
# Classes with a smaller share of the pictures than this are shown more often than they occur.
_RARE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    Attributes:
        size: height and width of the pictures in the last part of the training, pixels, and when they are predicted.
            The parts before see them smaller, which is quicker and teaches the coarse things as well.
        epochs: how often every picture is shown, if time allows.
        peak: highest learning rate.
    """

    size: int = 72
    epochs: int = 20
    batch_size: int = 64
    peak: float = PEAK
    weight_decay: float = 0.1
    label_smoothing: float = 0.1
    seed: int = 0

    def size_at(self, progress: float) -> int:
        """Height and width of training pictures when this share of the training is done."""
        return round(self.size * next((share for until, share in _SMALLER if progress < until), 1))


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
    share = labels.bincount() / len(labels)
    repeats = (_RARE_SHARE / share).sqrt().clamp(min=1)[labels]
    whole = (repeats + torch.rand(len(labels), generator=generator)).floor().long()
    order = torch.arange(len(labels)).repeat_interleave(whole)
    return order[torch.randperm(len(order), generator=generator)]


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
    dtype: torch.dtype = torch.float32,
    seconds: float = math.inf,
    listener: ProgressListener | None = None,
) -> History:
    """Teach the network.

    The learning rate follows progress, and progress is the share of the epochs that is done, or, on a machine too slow
    for all of them, follows the clock. So a slow machine takes fewer steps, and still ends with the small ones. The
    same seed gives the same network, on the same device, if time suffices for all epochs.

    Args:
        network: images (N, 3, H, W), float32, 0 to 255 -> logits (N, K).
        images: (N, 3, H, W), uint8, on the network's device.
        labels: class numbers, (N,), int64, on the processor.
        recipe: how to.
        dtype: what convolutions compute in.
        seconds: wall time to be used at most.
        listener: is called as the training goes on.
    """
    listener = listener or ProgressListener()
    generator = torch.Generator().manual_seed(recipe.seed)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    history, start = History(), time.perf_counter()
    for epoch in range(recipe.epochs):
        network.train()
        batches = epoch_order(labels, generator).split(recipe.batch_size)
        for number, batch in enumerate(batches):
            history.epochs = epoch + number / len(batches)
            history.wall_s = time.perf_counter() - start
            progress = max(history.epochs / recipe.epochs, _share_of_time(history.wall_s / seconds))
            if progress >= 1:
                return history
            optimizer.param_groups[0]["lr"] = recipe.peak * one_cycle(progress)
            history.learning_rates.append(optimizer.param_groups[0]["lr"])
            x = augmented(images[batch.to(images.device)], recipe.size_at(progress), generator)
            history.losses.append(_step(network, optimizer, x, labels[batch], recipe, dtype))
            listener.step(progress, history.losses[-1])
        listener.epoch(epoch + 1, history)
    history.epochs, history.wall_s = recipe.epochs, time.perf_counter() - start
    return history


def _share_of_time(elapsed: float) -> float:
    """How far the training should be at least, by the clock.

    It starts late and arrives in time: a machine that is fast enough never notices the clock, whatever its hiccups, so
    chance stays out of its learning rates.
    """
    return (elapsed - _LATE_START) / (1 - _LATE_START)


def _step(
    network: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, recipe: Recipe,
    dtype: torch.dtype,
) -> float:  # fmt: skip
    """One step of gradient descent; the loss before it."""
    with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
        logits = network(x.contiguous(memory_format=torch.channels_last))
    loss = F.cross_entropy(logits.float(), y.to(x.device), label_smoothing=recipe.label_smoothing)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
