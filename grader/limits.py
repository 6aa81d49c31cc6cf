"""Limits of one submission. Units are in the names."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """What one submission may use.

    Attributes:
        wall_s: seconds for the whole notebook, hidden tests included.
        cell_s: seconds for one cell.
        call_s: seconds for one call of the student's code by a hidden test.
        memory_mib: memory of the kernel's process, MiB.
        processes: processes and threads.
        file_mib: size of one file that it writes, MiB.
        output_kib: text and pictures that one cell may print, KiB.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_s: float = Field(300, gt=0)
    cell_s: float = Field(60, gt=0)
    call_s: float = Field(20, gt=0)
    memory_mib: int = Field(4096, ge=512)
    processes: int = Field(512, ge=16)
    file_mib: int = Field(1024, ge=1)
    output_kib: int = Field(512, ge=1)
