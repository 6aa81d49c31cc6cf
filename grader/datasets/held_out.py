"""Which training pictures are held out, so that students see where their network fails.

Everybody can work out which these are: the notebook's `set_aside` takes the same pictures. They are chosen among the
training pictures, by their names there; nothing of the hidden test decides about them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.datasets.layout import Layout
from grader.errors import EnvironmentFault
from grader.language import _

LEAST_LEFT = 10
"""Of so many pictures at most one is held out: rare characters keep theirs."""
KEPT = "train_without_held_out"
"""The folder below the data set's root with the training pictures that are left."""
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True)
class HeldOut:
    """The pictures that students' networks name for themselves.

    Attributes:
        pictures: files of training pictures, each in the folder of its character, a character's in their order.
        is_withheld: whether notebooks were shown the training pictures without these.
        classes: everyone's names.
    """

    pictures: tuple[Path, ...]
    is_withheld: bool
    classes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A hash of which pictures these are."""
        return digest_of(self.pictures)

    @cached_property
    def places(self) -> dict[Path, int]:
        """The place of each picture among its character's, from 0: whoever holds out `n` has not seen those below."""
        counted: Counter[str] = Counter()
        found: dict[Path, int] = {}
        for path in self.pictures:
            found[path] = counted[path.parent.name]
            counted[path.parent.name] += 1
        return found


def held_out_pictures(train: Path, per_character: int) -> tuple[Path, ...]:
    """The training pictures held out: of each character those whose names' hashes come first.

    A character of few pictures gives fewer: at most a tenth of them.

    Args:
        train: the folder with a folder for each character.
        per_character: how many of each character at most.
    """
    if per_character <= 0 or not train.is_dir():
        return ()
    found: list[Path] = []
    for folder in sorted(path for path in train.iterdir() if path.is_dir()):
        pictures = sorted((path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES), key=rank)
        found += pictures[: min(per_character, len(pictures) // LEAST_LEFT)]
    return tuple(found)


def digest_of(pictures: Iterable[Path]) -> str:
    """A hash of which pictures these are, by character and name."""
    names = sorted(_name(path) for path in pictures)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def rank(picture: Path) -> str:
    """What orders a character's pictures: the notebook's `set_aside` computes the same."""
    return hashlib.sha256(_name(picture).encode()).hexdigest()


def _name(picture: Path) -> str:
    return f"{picture.parent.name}/{picture.name}"


def train_without(root: Path, held_out: HeldOut) -> Path:
    """A folder with the training pictures that are left, as links to the same files; made where it is not there yet.

    Args:
        root: of the data set.
        held_out: those to leave out.

    Raises:
        EnvironmentFault: it cannot be made.
    """
    layout = Layout(root.resolve())
    place = layout.root / KEPT / held_out.digest
    if place.is_dir():
        return place
    left_out = frozenset(held_out.pictures)
    try:
        place.parent.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
        try:
            for folder in layout.train.iterdir():
                inside = made / layout.train.name / folder.name
                inside.mkdir(parents=True)
                for picture in folder.iterdir():
                    if picture not in left_out:
                        os.link(picture, inside / picture.name)
            made.chmod(0o755)
            made.rename(place)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        if place.is_dir():  # another process was faster
            return place
        raise EnvironmentFault(
            _("The training pictures without those held out cannot be laid out in {folder}: {reason}.").format(
                folder=place.parent, reason=error.strerror or error
            ),
            remedy=_("Make room or rights there, or set `withhold = false` in [contest] of class.toml."),
        ) from error
    return place
