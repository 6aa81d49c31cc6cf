"""Made-up pictures on which mistakes show."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def blotches(batch: int, size: int) -> Tensor:
    """Pictures of large spots with some noise, (batch, 3, size, size).

    In white noise one of nine neighbours is nearly always positive: MaxPool in the stem would hide a missing ReLU.
    """
    spots = F.interpolate(torch.randn(batch, 3, size // 16, size // 16), size=(size, size))
    return spots + 0.3 * torch.randn(batch, 3, size, size)
