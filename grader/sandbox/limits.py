"""Limits of one submission. Units are in the names."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """What one submission may use.

    Attributes:
        wall_s: seconds for the whole notebook, hidden tests included.
        cell_s: seconds for one cell.
        call_s: seconds for one call of the student's code by a hidden test, with its backward pass.
        cpu_s: processor seconds of one process; 0 leaves them to the wall clock.
        memory_mib: memory beyond what the libraries take, MiB: of one process, and of all together, by a control group
            or, where none can be made, by a watch that stops them a little late.
        processes: processes and threads.
        disk_mib: size of the working folder, and of the temporary folder, MiB; both are kept in memory.
        files: open files of one process.
        output_kib: text and pictures that one cell may print, KiB.
        gpu: `auto` gives the contest's notebooks a GPU where there is one, `on` those of any assignment, `off` none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_s: float = Field(default=300, gt=0)
    cell_s: float = Field(default=60, gt=0)
    call_s: float = Field(default=20, gt=0)
    cpu_s: float = Field(default=0, ge=0)
    memory_mib: int = Field(default=4096, ge=512)
    processes: int = Field(default=256, ge=16)
    disk_mib: int = Field(default=1024, ge=1)
    files: int = Field(default=1024, ge=64)
    output_kib: int = Field(default=4096, ge=1)
    gpu: Literal["auto", "on", "off"] = "auto"
