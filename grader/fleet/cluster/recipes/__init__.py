"""Files that start workers: with Slurm, in Kubernetes, and from each start of a machine by systemd."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["slurm", "kubernetes", "systemd"]
_FILES = {"slurm": "slurm.sbatch", "kubernetes": "kubernetes.yaml", "systemd": "grader-worker.service"}


def recipe(kind: Kind) -> str:
    """The text of a recipe."""
    return (Path(__file__).parent / _FILES[kind]).read_text(encoding="utf-8")
