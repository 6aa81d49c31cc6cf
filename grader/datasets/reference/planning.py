"""Which training this machine can finish in its time: measured, as a processor's name does not tell.

A *rung* is a network and a size of pictures; they get better, and dearer, from rung to rung. A few steps are timed in
each type and order of memory, then of each rung from the cheapest up, until one would get too few epochs to be worth
its price. The plan fills the time with epochs of the last good one.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

from grader.datasets.reference.training import Compute, Recipe, one_step

# Measuring takes this long at most, but for the steps that it has begun.
MEASURING_S = 25
# How much of the time is planned: the rest is for a machine that other work slows down.
_PLANNED = 0.92
# Another type, or a larger batch, has to take at most this share of the time: rounding and fewer steps cost accuracy.
_WORTH = 0.85
# A processor is as busy with small batches as with large ones; a GPU waits for its next step.
_LARGEST_BATCH = {"cuda": 128}


@dataclass(frozen=True, slots=True)
class Rung:
    """A training to choose.

    Attributes:
        size: height and width of the pictures in the end, pixels.
        least_epochs: with fewer, the rung before it is better.
        most_epochs: more gain nothing.
    """

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    size: int
    least_epochs: int
    most_epochs: int = 30

    def recipe(self, base: Recipe) -> Recipe:
        """The recipe with this network and size."""
        return replace(base, widths=self.widths, depths=self.depths, size=self.size)


# From the cheapest up. Sides are multiples of 16, the stride of the whole network: 56 pixels were worse than 48.
LADDER = (
    Rung((48, 96, 192), (1, 1, 1), 48, least_epochs=1),
    Rung((64, 128, 256), (1, 1, 1), 48, least_epochs=10),
    Rung((64, 128, 256), (1, 1, 1), 64, least_epochs=10),
    Rung((64, 128, 256), (1, 2, 1), 64, least_epochs=14),
    Rung((64, 128, 256), (1, 2, 1), 80, least_epochs=16),
    Rung((64, 128, 256), (1, 2, 2), 80, least_epochs=22),
)
# ResNet-18 with ImageNet's weights: its stages are what they are.
FINE_TUNING_LADDER = tuple(
    Rung((), (), size, least_epochs=least, most_epochs=8) for size, least in ((64, 1), (96, 3), (128, 4))
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What this machine is to do.

    Attributes:
        recipe: network, sizes, batch and number of epochs.
        compute: type and order of memory.
        expected_s: what the training should take.
        measuring_s: what finding that out took.
    """

    recipe: Recipe
    compute: Compute
    expected_s: float
    measuring_s: float


@dataclass(slots=True)
class Bench:
    """Where steps are timed.

    Attributes:
        build: makes a network for a recipe, on the processor.
        device: where it is to train.
        clock: tells seconds.
    """

    build: Callable[[Recipe], nn.Module]
    device: torch.device
    clock: Callable[[], float] = time.perf_counter

    def dtypes(self) -> tuple[torch.dtype, ...]:
        """What convolutions may compute in here; the first is exact."""
        if self.device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
            return (torch.float32,)
        return (torch.float32, torch.bfloat16)

    def step_s(self, recipe: Recipe, size: int, compute: Compute, *, enough_s: float = 0.0) -> float:
        """Seconds of a training step: the quicker of two, after one that warms up.

        Args:
            recipe: network and batch.
            size: height and width of the pictures, pixels.
            compute: type and order of memory.
            enough_s: a warming-up step that took longer is not repeated; 0 always repeats.
        """
        network = self.build(recipe).to(self.device).to(memory_format=compute.memory_format).train()
        optimizer = torch.optim.AdamW(network.parameters())
        x = torch.full((recipe.batch_size, 3, size, size), 127.0, device=self.device)
        y = torch.zeros(recipe.batch_size, dtype=torch.long)

        def timed() -> float:
            start = self.clock()
            one_step(network, optimizer, x, y, recipe.label_smoothing, compute)  # reads the loss: the GPU has finished
            return self.clock() - start

        first = timed()
        return first if enough_s and first > enough_s else min(timed(), timed())


def plan(
    base: Recipe, ladder: tuple[Rung, ...], bench: Bench, *, epoch_pictures: float, seconds: float,
    epochs: int | None = None, size: int | None = None,
) -> Plan:  # fmt: skip
    """Choose what to train.

    Args:
        base: what the rungs do not say, such as seed and learning rate.
        ladder: what there is to choose, from the cheapest up.
        bench: where steps are timed.
        epoch_pictures: how many pictures an epoch shows.
        seconds: wall time from now on, measuring included.
        epochs: how many are wanted at most; None: as many as are useful.
        size: height and width that are wanted; None: the rung's.
    """
    start = bench.clock()
    # A small part of a short time: a test, or a machine that reads slowly.
    limit_s = min(MEASURING_S, 0.1 * seconds)
    # In a small network a GPU waits for the processor, and no type is faster; in a large one a processor takes long.
    trial = ladder[-1 if bench.device.type == "cuda" else 0].recipe(base)
    trial = _with_batch(trial, _quickest_batch(trial, bench))
    base = _with_batch(base, trial.batch_size)
    compute = fastest_compute(trial, bench)
    chosen: tuple[Recipe, float] | None = None
    for rung in ladder:
        recipe = rung.recipe(base) if size is None else replace(rung.recipe(base), size=size)
        most = rung.most_epochs if epochs is None else epochs
        epoch_s = _epoch_s(recipe, compute, bench, epoch_pictures)
        affordable = _PLANNED * (seconds - (bench.clock() - start)) / epoch_s
        if chosen is not None and affordable < min(rung.least_epochs, most):
            break
        recipe = replace(recipe, epochs=max(1, min(most, math.floor(affordable))))
        chosen = (recipe, recipe.epochs * epoch_s)
        if bench.clock() - start > limit_s:
            break
    if chosen is None:
        raise ValueError("a ladder has a rung")
    return Plan(chosen[0], compute, expected_s=chosen[1], measuring_s=bench.clock() - start)


def fastest_compute(recipe: Recipe, bench: Bench) -> Compute:
    """The type and order of memory in which a step of this recipe is quickest.

    Processors without matrix units for bfloat16 (AMX) can be slower with it, by far where they have no instruction for
    it at all: there one step is enough to know.
    """
    best, best_s = Compute(), math.inf
    for dtype, is_channels_last in itertools.product(bench.dtypes(), (True, False)):
        compute = Compute(dtype, is_channels_last)
        taken = bench.step_s(recipe, recipe.size, compute, enough_s=0.0 if best_s == math.inf else 2 * best_s)
        if taken < best_s * (_WORTH if dtype != best.dtype else 1):
            best, best_s = compute, taken
    return best


def _with_batch(recipe: Recipe, batch_size: int) -> Recipe:
    """The recipe with another batch, and a learning rate that suits it: it grows with the batch's square root."""
    return replace(recipe, batch_size=batch_size, peak=recipe.peak * math.sqrt(batch_size / recipe.batch_size))


def _quickest_batch(recipe: Recipe, bench: Bench) -> int:
    """The recipe's batch, doubled as long as that makes a picture clearly cheaper."""
    best, largest = recipe.batch_size, _LARGEST_BATCH.get(bench.device.type, recipe.batch_size)
    if best >= largest:
        return best
    best_s = bench.step_s(recipe, recipe.size, Compute()) / best
    while 2 * best <= largest:
        picture_s = bench.step_s(replace(recipe, batch_size=2 * best), recipe.size, Compute()) / (2 * best)
        if picture_s > _WORTH * best_s:
            break
        best, best_s = 2 * best, picture_s
    return best


def _epoch_s(recipe: Recipe, compute: Compute, bench: Bench, pictures: float) -> float:
    """Seconds of a mean epoch: each part of the training with its own size."""
    steps = math.ceil(pictures / recipe.batch_size)
    return steps * sum(share * bench.step_s(recipe, size, compute) for share, size in recipe.phases())
