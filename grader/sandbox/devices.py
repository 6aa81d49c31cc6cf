"""Where a submission runs: a processor slot, or a GPU, whole or shared.

`CUDA_VISIBLE_DEVICES` and the memory share keep honest notebooks out of each other's way. They are no wall: a hostile
notebook can reset both, and then meets the other GPUs of the same machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.errors import EnvironmentFault
from grader.language import _

Choice = Literal["auto", "cpu", "cuda"]
_OWN_SHARE = 0.95  # the rest is for each process's CUDA context, which the share does not count
_DEVICE = re.compile(r"nvidia(\d+)")


@dataclass(frozen=True)
class Device:
    """One place for one submission at a time.

    Attributes:
        name: what people read, such as `cpu` or `cuda:0`.
        visible: its `CUDA_VISIBLE_DEVICES`; empty for a processor.
        memory_share: how much of the GPU's memory torch may take, 0 to 1.
        threads: threads for numeric libraries.
        machine: the name of another machine; empty for this one.
    """

    name: str = "cpu"
    visible: str = ""
    memory_share: float = 1.0
    threads: int = 1
    machine: str = ""

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU, or a share of one."""
        return bool(self.visible)


CPU = Device()


def gpus() -> list[str]:
    """The machine's GPUs, by the numbers that CUDA gives them in the order of the bus."""
    found = sorted(int(match[1]) for path in Path("/dev").glob("nvidia*") if (match := _DEVICE.fullmatch(path.name)))
    return [str(number) for number in range(len(found))]


def places(
    choice: Choice, *, slots: int, per_gpu: int, found: Sequence[str] | None = None, cores: int = 0
) -> tuple[Device, ...]:
    """Every place of this machine.

    Args:
        choice: `cpu` leaves GPUs alone, `cuda` insists on them, `auto` takes what is there.
        slots: submissions at once on processors.
        per_gpu: submissions at once on each GPU.
        found: GPUs; looked for where left out.
        cores: processor cores; asked for where left out.

    Returns:
        The processor slots, and those of the GPUs: first one of each GPU, then the second of each, and so on.

    Raises:
        EnvironmentFault: a GPU was asked for, and there is none.
    """
    cores = cores or os.cpu_count() or 1
    numbers = [] if choice == "cpu" else list(gpus() if found is None else found)
    if choice == "cuda" and not numbers:
        raise EnvironmentFault(_("There is no GPU on this machine."), remedy=_("Leave out --device cuda."))
    share = 1.0 if per_gpu == 1 else round(_OWN_SHARE / per_gpu, 3)
    on_gpus = [
        Device(
            name=f"cuda:{number}" if per_gpu == 1 else f"cuda:{number}#{part}",
            visible=number,
            memory_share=share,
            threads=max(1, cores // (len(numbers) * per_gpu)),
        )
        for part in range(1, per_gpu + 1)
        for number in numbers
    ]
    return (*[Device(threads=max(1, cores // slots))] * slots, *on_gpus)
