"""Which training is chosen for a machine: on machines whose steps take what a test says, and on this one."""

import itertools
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from grader.datasets.reference.network import ReferenceNet
from grader.datasets.reference.planning import LADDER, MEASURING_S, Bench, Plan, fastest_compute, plan
from grader.datasets.reference.training import Compute, Recipe

CPU = torch.device("cpu")
PICTURES = 20_000.0
# Seconds of a step of 64 pictures with 48 x 48 pixels and the middle widths, measured on machines of each kind.
AVX2_S, AMX_S, GPU_S, OLD_S = 0.11, 0.035, 0.004, 1.2


@dataclass
class Machine(Bench):
    """A bench whose steps cost what a model says, and whose clock shows just that."""

    base_s: float = AVX2_S
    bfloat16_times: float = 3.0
    contiguous_times: float = 1.15
    now_s: float = 0.0
    # What a step costs however small its batch: a GPU waits for the processor.
    least_s: float = 0.0

    def dtypes(self) -> tuple[torch.dtype, ...]:
        return (torch.float32, torch.bfloat16)

    def step_s(self, recipe: Recipe, size: int, compute: Compute, *, enough_s: float = 0.0) -> float:
        taken = self.base_s * recipe.batch_size / 64 * (size / 48) ** 2 * (recipe.widths[0] / 64) ** 2
        taken *= sum(recipe.depths) / 3
        taken *= self.bfloat16_times if compute.dtype == torch.bfloat16 else 1
        taken = max(self.least_s, taken * (1 if compute.is_channels_last else self.contiguous_times))
        self.now_s += taken if enough_s and taken > enough_s else 3 * taken
        return taken


def machine(base_s: float, device: torch.device = CPU, **costs: float) -> Machine:
    made = Machine(lambda _recipe: nn.Identity(), device, base_s=base_s, **costs)
    made.clock = lambda: made.now_s
    return made


def planned(bench: Machine, seconds: float = 560.0, **wanted: int) -> Plan:
    return plan(Recipe(), LADDER, bench, epoch_pictures=PICTURES, seconds=seconds, **wanted)


@pytest.mark.parametrize(
    ("base_s", "seconds"), list(itertools.product((GPU_S, AMX_S, AVX2_S, 2 * AVX2_S, OLD_S), (110.0, 560.0)))
)
def test_the_plan_ends_in_its_time_on_every_machine(base_s, seconds):
    bench = machine(base_s)
    made = planned(bench, seconds)

    if made.recipe.epochs > 1:  # one epoch is the least; the clock ends it where even that is too long
        assert made.measuring_s + made.expected_s < 0.97 * seconds
    assert made.measuring_s < max(MEASURING_S, 60 * base_s)


def test_a_faster_machine_gets_larger_pictures_and_enough_epochs_for_them():
    plans = [planned(machine(base_s)) for base_s in (OLD_S, 2 * AVX2_S, AVX2_S, AMX_S, GPU_S)]
    sizes = [made.recipe.size for made in plans]

    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (LADDER[0].size, LADDER[-1].size)
    for made in plans[1:]:
        least = min(rung.least_epochs for rung in LADDER if rung.size == made.recipe.size)
        assert made.recipe.epochs >= least


def test_bfloat16_is_taken_only_where_it_saves_something():
    assert fastest_compute(Recipe(), machine(AMX_S, bfloat16_times=0.5)) == Compute(torch.bfloat16)
    assert fastest_compute(Recipe(), machine(AVX2_S, bfloat16_times=0.95)) == Compute()
    assert fastest_compute(Recipe(), machine(AVX2_S, contiguous_times=0.8)) == Compute(is_channels_last=False)


def test_a_gpu_gets_larger_batches_and_ends_within_two_minutes():
    made = planned(machine(GPU_S, torch.device("cuda"), bfloat16_times=0.5, least_s=0.03), seconds=110)

    assert made.recipe.batch_size == 128
    assert made.recipe.peak == pytest.approx(2 * Recipe().peak)
    assert (made.recipe.size, made.compute.dtype) == (LADDER[-1].size, torch.bfloat16)
    assert made.measuring_s + made.expected_s < 110
    assert planned(machine(AVX2_S)).recipe.batch_size == Recipe().batch_size


def test_what_is_asked_for_is_kept():
    made = planned(machine(AVX2_S), epochs=3, size=40)

    assert (made.recipe.epochs, made.recipe.size) == (3, 40)


def test_this_machine_is_measured_and_its_network_trains():
    bench = Bench(lambda recipe: ReferenceNet(3, recipe.widths, recipe.depths), CPU)
    step_s = bench.step_s(Recipe(batch_size=4), 32, Compute())

    assert 0 < step_s < 60
