"""Comparison to the last bit."""

import torch


def same_bits(left: torch.Tensor | None, right: torch.Tensor | None) -> bool:
    """Equal to the last bit, in layout too where both are dense; NaN equals itself."""
    if left is None or right is None:
        return left is right
    if (left.shape, left.dtype) != (right.shape, right.dtype):
        return False
    if not left.numel():
        return True
    raw = [t.detach().contiguous().reshape(-1).view(torch.uint8) for t in (left, right)]
    return torch.equal(*raw)
