"""The network: residual blocks from the lesson, as many as two processor cores can train."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class BasicBlock(nn.Module):
    """Residual block (He et al. 2015): (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            # Averaged, then 1x1: every pixel counts (He et al. 2019, ResNet-D). And oneDNN's gradient of a 1x1
            # convolution with a stride can write past its memory in channels_last (its issue 6035).
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False) if stride != 1 else nn.Identity(),
                nn.Conv2d(in_channels, out_channels, 1, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Residual branch plus shortcut, then ReLU."""
        branch = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(branch)) + self.shortcut(x))


class ReferenceNet(nn.Module):
    """Images (N, 3, H, W), any values of uint8's range -> logits (N, num_classes).

    Height and width are free: the features are averaged over the picture before they are classified. The stem is light:
    one convolution at half the height and width, where everything is four times as dear as in the first stage.
    """

    def __init__(
        self, num_classes: int, widths: tuple[int, ...] = (64, 128, 256), depths: tuple[int, ...] = (1, 1, 1)
    ) -> None:
        super().__init__()
        width = widths[0] // 2
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        blocks = []
        for out, depth in zip(widths, depths, strict=True):
            for number in range(depth):
                blocks.append(BasicBlock(width, out, stride=2 if number == 0 else 1))
                width = out
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Class scores, (N, num_classes)."""
        features = self.blocks(self.stem(images.float() / 127.5 - 1))
        logits: torch.Tensor = self.classifier(features.mean(dim=(2, 3)))
        return logits
