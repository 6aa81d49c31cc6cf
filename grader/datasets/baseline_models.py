"""The models behind the baselines: colours alone, and the small network that the contest's notebook begins with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional as F

from grader.datasets.baselines import scored
from grader.datasets.build import Progress
from grader.datasets.layout import Layout, load_answer_key
from grader.datasets.reference.pictures import Pictures, read_pictures
from grader.scoring.baseline import Baseline, BaselineKind

SIZE = 64  # pixels; the notebook's own IMAGE_SIZE
EPOCHS = 5
_BATCH = 64
_LEVELS = 6  # of each colour
_PER_CLASS = 200  # pictures of a class that the histogram model learns from: more change its score by under 0.01


def measure(root: Path, progress: Progress | None = None) -> Iterator[Baseline]:
    """Train both on a class's training pictures, score them on its test, one after the other.

    The same data, processor and number of threads give the same scores: seeds and steps are fixed.

    Args:
        root: the data set.
        progress: called with pictures read or trained on and how many there are in all.

    Raises:
        MissingDataset: there is no data set, or it cannot be read.
    """
    key = load_answer_key(root)
    pictures = read_pictures(Layout(root).student, SIZE, progress)
    yield scored(BaselineKind.HISTOGRAM, _by_histogram(pictures), key)
    yield scored(BaselineKind.SIMPLE_CNN, _by_simple_cnn(pictures, progress), key)


def _by_histogram(pictures: Pictures) -> dict[str, str]:
    """How often each of 6 x 6 x 6 colours occurs, and logistic regression."""
    chosen = np.concatenate([(pictures.labels == n).nonzero().flatten()[:_PER_CLASS] for n in _classes(pictures)])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    model.fit(_histograms(pictures.images[chosen]), pictures.labels[chosen].numpy())
    return _named(pictures, model.predict(_histograms(pictures.test_images)))


def _histograms(images: torch.Tensor) -> NDArray[np.float64]:
    """Shares of the colours, (N, 216); `images` is (N, 3, H, W), uint8."""
    width = -(-256 // _LEVELS)
    red, green, blue = (images.to(torch.int64) // width).unbind(1)
    codes = ((red * _LEVELS + green) * _LEVELS + blue).flatten(1).numpy()  # (N, H * W)
    counts = np.stack([np.bincount(row, minlength=_LEVELS**3) for row in codes]).astype(np.float64)
    shares: NDArray[np.float64] = counts / codes.shape[1]
    return shares


class _SimpleCnn(nn.Module):
    """Five convolutions and a linear layer: images (N, 3, 64, 64), uint8 -> logits (N, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        widths = (3, 8, 16, 32, 64, 96)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(widths[-1] * (SIZE // 2**5) ** 2, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.features(images.float() / 127.5 - 1)
        logits: torch.Tensor = self.classifier(features.flatten(1))
        return logits


def _by_simple_cnn(pictures: Pictures, progress: Progress | None) -> dict[str, str]:
    """Adam at a constant rate, no augmentation: what one writes at first."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = _SimpleCnn(len(pictures.classes))
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        done, in_all = 0, EPOCHS * len(pictures.images)
        for _epoch in range(EPOCHS):
            for chosen in torch.randperm(len(pictures.images)).split(_BATCH):
                loss = F.cross_entropy(model(pictures.images[chosen]), pictures.labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                done += len(chosen)
                if progress is not None:
                    progress(done, in_all)
    model.eval()
    with torch.inference_mode():
        logits = torch.cat([model(some) for some in pictures.test_images.split(250)])
    return _named(pictures, logits.argmax(1).numpy())


def _classes(pictures: Pictures) -> range:
    return range(len(pictures.classes))


def _named(pictures: Pictures, predicted: NDArray[np.int64]) -> dict[str, str]:
    return {name: pictures.classes[number] for name, number in zip(pictures.test_names, predicted, strict=True)}
