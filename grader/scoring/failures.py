"""Where a network fails: what it says of training pictures that it has not seen. Pure, and apart from every score.

All of it comes from training pictures, whose labels students have: no label, picture or count of the hidden test goes
in, so none can come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

MOST_MISTAKES = 12
MAX_CLASSES, MAX_CELLS, MAX_NAME, MAX_DETAIL, MAX_PICTURE = 200, 10_000, 100, 600, 20_000
ANOTHER = ""
"""What stands for a name that is no character's."""
Unseen = Literal["withheld", "said"]
"""Why it is believed that the network has not seen them: the grader kept them back, or the notebook says so."""
Reason = Literal["", "seen", "unsaid", "undefined", "raised", "unusable", "stopped"]
"""Why nothing is known: the notebook says that it has set no pictures aside, or does not say, defines no network or
`predict`, its code raised an error, answered something unusable, or was ended."""
_REASONS = ("", "seen", "unsaid", "undefined", "raised", "unusable", "stopped")


@dataclass(frozen=True, slots=True)
class Said:
    """What the network says of one picture.

    Attributes:
        character: who is on it.
        named: whom the network names; `ANOTHER` where that is no character.
        certainty: the largest probability among its outputs, in [0, 1]; None where that is not known.
        picture: number of the picture.
    """

    character: str
    named: str
    certainty: float | None
    picture: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture on which the network is wrong.

    Attributes:
        character: who is on it.
        named: whom the network names.
        certainty: see `Said`.
        picture: a small JPEG in base64; empty where none was kept.
    """

    character: str
    named: str
    certainty: float | None
    picture: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Confused:
    """How often one character was named another."""

    character: str
    named: str
    count: int


@dataclass(frozen=True, slots=True)
class Recall:
    """How many pictures of a character were named rightly.

    Attributes:
        before: how many they were at the last hand-in; None where that cannot be compared.
    """

    character: str
    right: int
    total: int
    before: int | None = None

    @property
    def change(self) -> int:
        """Pictures more or less than before; 0 where that is not known."""
        return 0 if self.before is None else self.right - self.before


@dataclass(frozen=True, slots=True)
class Failures:
    """What one submission's network says of the pictures held out.

    Attributes:
        pictures: a hash of which pictures they are: two results can be compared where it is the same.
        unseen: why it is believed that the network has not seen them.
        cells: the confusion matrix where it is not 0: how often a character was given a name.
        mistakes: the most certain mistakes, the most certain first.
        reason: why there is nothing of all that; empty where there is.
        detail: what the student's code raised, or which names are missing.
    """

    pictures: str = ""
    unseen: Unseen = "said"
    cells: tuple[Confused, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    reason: Reason = ""
    detail: str = ""

    @property
    def total(self) -> int:
        """Pictures that were named."""
        return sum(cell.count for cell in self.cells)

    @property
    def right(self) -> int:
        """Pictures that were named rightly."""
        return sum(cell.count for cell in self.cells if cell.character == cell.named)

    @property
    def characters(self) -> tuple[str, ...]:
        """Everyone who is on a picture or was named, by name."""
        return tuple(sorted({name for cell in self.cells for name in (cell.character, cell.named) if name}))

    def confused(self) -> tuple[Confused, ...]:
        """The pairs that were confused, the most frequent first."""
        wrong = (cell for cell in self.cells if cell.character != cell.named)
        return tuple(sorted(wrong, key=lambda cell: (-cell.count, cell.character, cell.named)))

    def recalls(self, before: Failures | None = None) -> tuple[Recall, ...]:
        """Recall by character, the worst first.

        Args:
            before: of the last hand-in; it is compared where the pictures are the same.
        """
        earlier: Mapping[str, int] | None = None
        if before is not None and before.total and before.pictures == self.pictures:
            earlier = before._right_by_character()
        total: Counter[str] = Counter()
        for cell in self.cells:
            total[cell.character] += cell.count
        right = self._right_by_character()
        found = (
            Recall(name, right[name], total[name], None if earlier is None else earlier.get(name, 0)) for name in total
        )
        return tuple(sorted(found, key=lambda recall: (recall.right / recall.total, -recall.total, recall.character)))

    def _right_by_character(self) -> Counter[str]:
        return Counter({cell.character: cell.count for cell in self.cells if cell.character == cell.named})

    def without_pictures(self) -> Failures:
        """The same, with the mistakes' pictures left out."""
        return replace(self, mistakes=tuple(replace(mistake, picture="") for mistake in self.mistakes))

    def with_pictures(self, pictures: Sequence[str]) -> Failures:
        """The same, with the mistakes' pictures put back, as far as there are some."""
        given = (*pictures, *[""] * len(self.mistakes))
        return replace(self, mistakes=tuple(replace(m, picture=p) for m, p in zip(self.mistakes, given, strict=False)))

    def to_json(self) -> dict[str, Any]:
        """For the executed notebook and the class database; the mistakes' pictures with it."""
        return {
            "pictures": self.pictures,
            "unseen": self.unseen,
            "cells": [[cell.character, cell.named, cell.count] for cell in self.cells],
            "mistakes": [[m.character, m.named, m.certainty, m.picture] for m in self.mistakes],
            "reason": self.reason,
            "detail": self.detail,
        }

    @classmethod
    def from_json(cls, plain: object) -> Failures | None:
        """What `to_json` has written; None where it is not that, such as in a notebook of an earlier grader."""
        try:
            return cls._read(plain)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    @classmethod
    def _read(cls, plain: Any) -> Failures:
        if plain["reason"] not in _REASONS or plain["unseen"] not in ("withheld", "said"):
            raise ValueError
        cells = tuple(Confused(str(a)[:MAX_NAME], str(b)[:MAX_NAME], int(n)) for a, b, n in plain["cells"][:MAX_CELLS])
        mistakes = tuple(
            Mistake(str(a)[:MAX_NAME], str(b)[:MAX_NAME], None if c is None else float(c), str(p)[:MAX_PICTURE])
            for a, b, c, p in plain["mistakes"][:MOST_MISTAKES]
        )
        return cls(
            str(plain["pictures"])[:64], plain["unseen"], cells, mistakes, plain["reason"],
            str(plain["detail"])[:MAX_DETAIL],
        )  # fmt: skip


def noted_failures(metadata: object) -> Failures | None:
    """What a run has noted in the metadata of the notebook that it has executed; None where it has noted nothing."""
    noted = metadata.get("springfield") if isinstance(metadata, Mapping) else None
    return Failures.from_json(noted.get("failures")) if isinstance(noted, Mapping) else None


def count(said: Iterable[Said]) -> tuple[Confused, ...]:
    """The confusion matrix of what was said, where it is not 0."""
    counted = Counter((one.character, one.named) for one in said)
    return tuple(Confused(character, named, number) for (character, named), number in sorted(counted.items()))


def most_certain_mistakes(said: Sequence[Said]) -> tuple[Said, ...]:
    """The mistakes that the network is most certain of, at most `MOST_MISTAKES`; those of unknown certainty last."""
    wrong = [one for one in said if one.named != one.character]
    ordered = sorted(wrong, key=lambda one: (-1.0 if one.certainty is None else -1 - one.certainty, one.picture))
    return tuple(ordered[:MOST_MISTAKES])
