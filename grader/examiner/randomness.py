"""Whose random numbers a hidden test draws: fresh ones that nobody can know, or those of a seed it has chosen.

With a chosen seed the student's code draws the same numbers as the test would, so that dropout can be compared;
otherwise it draws others.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar

import torch

_fresh_seed: ContextVar[int | None] = ContextVar("fresh_seed", default=None)


def seed_freshly() -> int:
    """Seed torch's random numbers on the CPU with a seed that nobody can know.

    Those of the GPUs follow no seed of ours: it would cost a queued call for each that is not there.

    Returns:
        The seed.
    """
    seed = secrets.randbits(63)
    torch.default_generator.manual_seed(seed)
    _fresh_seed.set(torch.initial_seed())
    return seed


def is_fresh() -> bool:
    """Whether the random numbers are still those of `seed_freshly`, and no seed has been chosen since."""
    return torch.initial_seed() == _fresh_seed.get()
