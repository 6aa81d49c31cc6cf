"""Which pictures students train on and which they are graded on: the contest's shape, from a seed.

Every choice ranks pictures by a hash of the seed and their content. So it depends on nothing else: not on file names,
not on the order of an archive, not on a library's random numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

DECOYS = 60
"""Decoys in a hidden test, where it has as many pictures."""
_LARGEST_TEST_SHARE = Fraction(3, 4)


@dataclass(frozen=True, slots=True)
class Picture:
    """A labelled picture: where it lies and the digest of its content."""

    label: str
    digest: str
    path: Path


@dataclass(frozen=True, slots=True)
class TestPicture:
    """A picture of the hidden test under the name that students see.

    Attributes:
        name: the file's.
        picture: what it is made of.
        part: `decoy` is an altered copy of another test picture, which is predicted and not scored.
        original: of a decoy, that other picture's name.
    """

    __test__ = False  # not a pytest class

    name: str
    picture: Picture
    part: Literal["public", "private", "decoy"]
    original: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """Training pictures by class, test pictures in the order of their new names."""

    train: tuple[Picture, ...]
    test: tuple[TestPicture, ...]


def split(
    pictures: Sequence[Picture],
    *,
    seed: int,
    test_classes: int,
    per_class: int,
    private_share: Fraction,
    decoys: int = DECOYS,
) -> Split:
    """The hidden test: `per_class` pictures of each of the `test_classes` most frequent classes; the rest is training.

    A small class gives at most three quarters of its pictures. The private part is `private_share` of the test,
    spread over the classes as evenly as whole pictures allow.

    Raises:
        ValueError: two pictures have the same content, or a number makes no sense.
    """
    if len({picture.digest for picture in pictures}) != len(pictures):
        raise ValueError("two pictures have the same content")
    if test_classes < 1 or per_class < 1 or decoys < 0 or not 0 <= private_share < 1:
        raise ValueError(
            f"no test of {test_classes} classes, {per_class} each, {private_share} of them private, {decoys} decoys"
        )
    by_class = _by_class(pictures)
    frequent = sorted(by_class, key=lambda label: (-len(by_class[label]), label))[:test_classes]
    chosen = [
        picture
        for label in frequent
        for picture in _ranked(by_class[label], seed, "test")[
            : min(per_class, int(len(by_class[label]) * _LARGEST_TEST_SHARE))
        ]
    ]
    hidden = {picture.digest for picture in chosen}
    return Split(
        train=tuple(p for label in sorted(by_class) for p in by_class[label] if p.digest not in hidden),
        test=hidden_test(chosen, seed=seed, private_share=private_share, decoys=decoys),
    )


def hidden_test(
    pictures: Sequence[Picture], *, seed: int, private_share: Fraction, decoys: int, first: int = 0
) -> tuple[TestPicture, ...]:
    """The pictures under new names in an order that tells nothing, in parts, with decoys among them.

    Args:
        pictures: all different.
        seed: decides everything.
        private_share: how much is private, spread over the classes.
        decoys: of how many of the pictures there is an altered copy, if there are as many.
        first: the number in the first name.
    """
    private = _private_part(_by_class(pictures), seed, private_share)
    order = _ranked(pictures, seed, "order")
    doubled = {picture.digest for picture in _ranked(pictures, seed, "decoy")[:decoys]}
    # A decoy stands where chance puts it, so that its place beside others says nothing of its original's.
    places = [(_rank(seed, "order", picture.digest), picture, False) for picture in order]
    places += [(_rank(seed, "decoy order", p.digest), p, True) for p in order if p.digest in doubled]
    named = [
        (f"img{number}.jpg", picture, is_decoy)
        for number, (_place, picture, is_decoy) in enumerate(sorted(places, key=lambda place: place[0]), start=first)
    ]
    originals = {picture.digest: name for name, picture, is_decoy in named if not is_decoy}
    return tuple(
        TestPicture(name, picture, "decoy", originals[picture.digest])
        if is_decoy
        else TestPicture(name, picture, "private" if picture.digest in private else "public")
        for name, picture, is_decoy in named
    )


def _by_class(pictures: Iterable[Picture]) -> dict[str, list[Picture]]:
    classes: dict[str, list[Picture]] = {}
    for picture in pictures:
        classes.setdefault(picture.label, []).append(picture)
    return classes


def _ranked(pictures: Iterable[Picture], seed: int, purpose: str) -> list[Picture]:
    return sorted(pictures, key=lambda picture: _rank(seed, purpose, picture.digest))


def _rank(seed: int, purpose: str, what: str) -> bytes:
    return hashlib.sha256(f"{seed}:{purpose}:{what}".encode()).digest()


def _private_part(chosen: dict[str, list[Picture]], seed: int, share: Fraction) -> set[str]:
    """The digests of the private part; whole pictures go to the classes with the largest remainders."""
    total = sum(map(len, chosen.values()))
    quotas = {label: int(len(pictures) * share) for label, pictures in chosen.items()}
    left = int(total * share + Fraction(1, 2)) - sum(quotas.values())
    by_remainder = sorted(
        chosen, key=lambda label: (quotas[label] - len(chosen[label]) * share, _rank(seed, "remainder", label))
    )
    for label in by_remainder[:left]:
        quotas[label] += 1
    return {
        picture.digest
        for label, pictures in chosen.items()
        for picture in _ranked(pictures, seed, "private")[: quotas[label]]
    }
