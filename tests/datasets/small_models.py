"""Models of three strengths, trained as a student would, to see how hard a data set is."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional as F

from grader.datasets.layout import Layout, load_answer_key
from grader.scoring.f1 import f1


@dataclass(frozen=True)
class Town:
    """A data set in memory: pixels are uint8, (N, H, W, 3)."""

    train: NDArray[np.uint8]
    labels: NDArray[np.str_]
    test: NDArray[np.uint8]
    answers: list[str]

    def score(self, predicted: NDArray[np.str_]) -> float:
        return f1(self.answers, predicted.tolist(), "micro")


def load(root: Path) -> Town:
    key = load_answer_key(root)
    layout = Layout(root)
    train = sorted(layout.train.rglob("*.jpg"))
    return Town(
        train=np.stack([_pixels(path) for path in train]),
        labels=np.array([path.parent.name for path in train]),
        test=np.stack([_pixels(layout.testset / name) for name in key.labels]),
        answers=list(key.labels.values()),
    )


def _pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def colour_histogram_f1(town: Town) -> float:
    """How often each of 6 x 6 x 6 colours occurs, and logistic regression."""

    def histograms(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        bins = images.astype(np.int64) // 43
        codes = (bins[..., 0] * 36 + bins[..., 1] * 6 + bins[..., 2]).reshape(len(images), -1)
        return np.stack([np.bincount(row, minlength=216) for row in codes]) / codes.shape[1]

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return town.score(model.fit(histograms(town.train), town.labels).predict(histograms(town.test)))


def raw_pixels_f1(town: Town) -> float:
    """A linear model of the pixels as they are."""

    def flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return images.reshape(len(images), -1).astype(np.float32) / 255

    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=1000.0))
    return town.score(model.fit(flat(town.train), town.labels).predict(flat(town.test)))


def small_cnn(classes: int, width: int = 16) -> nn.Sequential:
    """Four convolutions and a linear layer: about 100,000 parameters."""

    def block(channels_in: int, channels_out: int, stride: int = 1) -> list[nn.Module]:
        convolution = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        return [convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)]

    return nn.Sequential(
        *block(3, width, stride=2),
        *block(width, 2 * width),
        nn.MaxPool2d(2),
        *block(2 * width, 4 * width),
        nn.MaxPool2d(2),
        *block(4 * width, 8 * width),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(8 * width, classes),
    )


def small_cnn_f1(town: Town, *, epochs: int, seed: int = 0, batch: int = 64) -> float:
    """AdamW with one cycle, label smoothing, flips and shifts."""
    torch.manual_seed(seed)
    names, targets = np.unique(town.labels, return_inverse=True)
    images, answers = _tensor(town.train), torch.from_numpy(targets)
    model = small_cnn(len(names)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    steps = epochs * -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(images)).split(batch):
            loss = F.cross_entropy(model(_augmented(images[chosen])), answers[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(some) for some in _tensor(town.test).split(250)])
    return town.score(names[logits.argmax(1).numpy()])


def _tensor(images: NDArray[np.uint8]) -> torch.Tensor:
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()  # (N, 3, H, W)
    return ((pixels - 128) / 64).contiguous(memory_format=torch.channels_last)


def _augmented(images: torch.Tensor) -> torch.Tensor:
    mirrored = torch.rand(len(images)) < 0.5
    images[mirrored] = images[mirrored].flip(-1)
    down, right = torch.randint(-3, 4, (2,)).tolist()
    return torch.roll(images, (down, right), (2, 3))
