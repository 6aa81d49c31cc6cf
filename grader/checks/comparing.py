"""How far apart two tensors are."""

from __future__ import annotations

import math

import torch
from torch import Tensor

# float32 in another order of summation differs by about 1e-6; the mildest mistake in MISTAKES.md by 1e-2.
OUTPUT_TOLERANCE = 1e-4


def distance(found: Tensor, expected: Tensor) -> float:
    """Relative distance |found - expected| / |expected| in the Euclidean norm; infinity where it has no meaning.

    NaN, infinity and a wrong shape are infinitely far away, so that `distance(...) <= tolerance` can be trusted.

    Args:
        found: any tensor, possibly hostile.
        expected: finite, any shape.
    """
    if found.shape != expected.shape or found.is_complex() != expected.is_complex():
        return math.inf
    found, expected = found.detach().cpu(), expected.detach().cpu()
    if found.dtype == expected.dtype and torch.equal(found, expected):
        return 0.0  # as a right answer mostly is, bit for bit
    found, expected = found.double(), expected.double()
    scale = float(torch.linalg.vector_norm(expected))
    # 1e-9: an expected value of all zeros is compared absolutely.
    value = float(torch.linalg.vector_norm(found - expected)) / max(scale, 1e-9)
    return value if math.isfinite(value) else math.inf


def loss_with_output_grad(output: Tensor, output_grad: Tensor) -> Tensor:
    """Scalar loss whose gradient with respect to the output is `output_grad`.

    A plain sum would not do: behind BatchNorm its gradient is zero.
    """
    return (output * output_grad).sum()


def random_output_grad(output: Tensor) -> Tensor:
    """Random gradient of the loss with respect to the output, of its shape and dtype."""
    return torch.randn(tuple(output.shape), dtype=output.dtype)
