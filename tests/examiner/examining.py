"""What holds while a hidden test runs, for tests that call the examiner's parts themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from grader.examiner.examination import Examination, as_current
from grader.examiner.randomness import seed_freshly
from grader.sandbox.kernel import Kernel


@contextmanager
def examining(kernel: Kernel) -> Iterator[Examination]:
    """An examination is going on, and random numbers are fresh."""
    with torch.random.fork_rng(devices=[]), as_current(Examination(kernel)) as examination:
        seed_freshly()
        yield examination
