"""New pictures out of old ones, a whole batch at a time."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

# Mild: ten epochs are too few to learn from pictures that are changed much.
_LARGEST_TURN = math.radians(5)
_ZOOM = (0.8, 1.05)
_STRETCH = 0.1
_SHIFT = 0.06


def augmented(images: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    """Pictures flipped, turned, cut, shifted and recoloured, each in its own way.

    Args:
        images: (N, 3, H, W), uint8.
        size: height and width of the result, pixels.
        generator: where chance comes from; on the processor, so that every device sees the same pictures.

    Returns:
        (N, 3, size, size), float32, 0 to 255.
    """
    count = len(images)
    views = _views(count, generator).to(images.device)
    grid = F.affine_grid(views, [count, 3, size, size], align_corners=False)
    x = F.grid_sample(images.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return _recoloured(x, generator)


def _uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def _views(count: int, generator: torch.Generator) -> torch.Tensor:
    """Where each result lies in its picture: affine maps (N, 2, 3) for `affine_grid`."""
    turn = _uniform(-_LARGEST_TURN, _LARGEST_TURN, (count,), generator)
    zoom = _uniform(*_ZOOM, (count,), generator)
    stretch = torch.exp(_uniform(-_STRETCH, _STRETCH, (count,), generator))
    flip = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    # A cut smaller than the picture may lie anywhere in it, and a little outside.
    room = (1 - zoom).clamp(min=0) + _SHIFT
    dx, dy = (room * _uniform(-1, 1, (count,), generator) for _axis in range(2))
    wide, high = zoom * stretch, zoom / stretch
    first = torch.stack([flip * wide * turn.cos(), -high * turn.sin(), dx], dim=1)
    second = torch.stack([flip * wide * turn.sin(), high * turn.cos(), dy], dim=1)
    return torch.stack([first, second], dim=1)


def _recoloured(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Other contrast, brightness and tint: x (N, 3, H, W), 0 to 255."""
    count = len(x)
    contrast = _uniform(0.8, 1.2, (count, 1, 1, 1), generator).to(x.device)
    tint = _uniform(0.9, 1.1, (count, 3, 1, 1), generator).to(x.device)
    brightness = _uniform(-20, 20, (count, 1, 1, 1), generator).to(x.device)
    return (((x - 127.5) * contrast + 127.5) * tint + brightness).clamp(0, 255)
