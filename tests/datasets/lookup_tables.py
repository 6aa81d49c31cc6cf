"""Attacks on the hidden test without any learning: tables made from a public archive that holds its pictures."""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_TAIL_BYTES = 64


def hash_table(public: Iterable[tuple[str, bytes]], pictures: Mapping[str, bytes]) -> dict[str, str]:
    """What a table of every public picture's last bytes, with its class, says; the commonest class for the rest."""
    public = list(public)
    known = {_tail(data): label for label, data in public}
    commonest = Counter(label for label, _data in public).most_common(1)[0][0]
    return {name: known.get(_tail(data), commonest) for name, data in pictures.items()}


def dhash_table(public: Iterable[tuple[str, bytes]], pictures: Mapping[str, bytes]) -> dict[str, str]:
    """The class of the public picture, or mirrored public picture, whose difference hash is nearest."""
    labels, marks = [], []
    for label, data in public:
        image = Image.open(io.BytesIO(data)).convert("L")
        marks += [_dhash(image), _dhash(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))]
        labels += [label, label]
    asked = np.stack([_dhash(Image.open(io.BytesIO(data)).convert("L")) for data in pictures.values()])
    nearest = (asked @ np.stack(marks).T).argmax(1)  # of +1 and -1: the most equal bits
    return {name: labels[index] for name, index in zip(pictures, nearest.tolist(), strict=True)}


def _tail(data: bytes) -> bytes:
    return hashlib.sha256(data[-_TAIL_BYTES:]).digest()


def _dhash(image: Image.Image) -> NDArray[np.float32]:
    """Whether each of 8 x 8 places is lighter than its neighbour: +1 or -1, (64,)."""
    light = np.asarray(image.resize((9, 8), Image.Resampling.BILINEAR), np.int16)
    return np.where(light[:, 1:] > light[:, :-1], 1, -1).astype(np.float32).ravel()
