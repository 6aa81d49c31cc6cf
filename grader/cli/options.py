"""Options that several verbs share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ClassDir = Annotated[
    Path, typer.Option("--class", "-c", metavar="DIR", help="The class folder; the current folder if left out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Slugs = Annotated[list[str] | None, typer.Argument(metavar="[ASSIGNMENT]...", help="All of the class if left out.")]
Students = Annotated[
    list[str] | None, typer.Option("--student", "-s", metavar="ID", help="Only this student; may be given again.")
]
OnCluster = Annotated[
    bool, typer.Option("--cluster", help="On the machines on which `grader worker` runs; [cluster] of class.toml.")
]
HERE = Path()


class Device(StrEnum):
    """Where notebooks run, or the reference is trained."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
