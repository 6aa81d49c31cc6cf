"""Whether this machine trains faster in bfloat16: measured, as a name of a processor does not tell."""

from __future__ import annotations

import copy
import time

import torch
import torch.nn.functional as F
from torch import nn

_STEPS = 4
# Rounding costs a little accuracy; it has to buy something.
_WORTH = 0.85


def faster_dtype(network: nn.Module, device: torch.device, *, batch_size: int, size: int) -> torch.dtype:
    """The type for convolutions that makes training steps faster, of float32 and bfloat16.

    Processors without matrix units for bfloat16 (AMX) can be slower with it: 106 s an epoch instead of 84 s, on one
    core with AVX512-BF16.

    Args:
        network: images (N, 3, H, W) -> logits (N, K); it is not changed.
        device: where it is.
        batch_size: pictures in a step.
        size: their height and width, pixels.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    images = torch.zeros(batch_size, 3, size, size).contiguous(memory_format=torch.channels_last)
    exact, rounded = (_step_s(copy.deepcopy(network), images, dtype) for dtype in (torch.float32, torch.bfloat16))
    return torch.bfloat16 if rounded < _WORTH * exact else torch.float32


def _step_s(network: nn.Module, images: torch.Tensor, dtype: torch.dtype) -> float:
    """Seconds of the quickest of a few training steps."""
    labels = torch.zeros(len(images), dtype=torch.long)
    quickest = float("inf")
    for _step in range(_STEPS):
        start = time.perf_counter()
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            logits = network(images)
        F.cross_entropy(logits.float(), labels).backward()
        quickest = min(quickest, time.perf_counter() - start)
    return quickest
