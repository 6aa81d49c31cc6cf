"""Files handed in beside notebooks, such as weights, that several students have in common."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

LEAST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class FileMark:
    """What is remembered of a file: weights are too large to keep a class's in memory."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, data: bytes) -> Self:
        """The mark of a content."""
        return cls(name, len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class SameFile:
    """One content that several students handed in.

    Attributes:
        students: who did.
        names: under which name each of them.
        size: bytes.
        sha256: of the content.
    """

    students: tuple[str, ...]
    names: tuple[str, ...]
    size: int
    sha256: str


def same_files(handed_in: Mapping[str, Iterable[FileMark]], given: Iterable[FileMark]) -> list[SameFile]:
    """Contents of at least a kilobyte that at least two students handed in, the largest first.

    Args:
        handed_in: the files of each student.
        given: files that the teacher gave out; they are no finding.
    """
    known = {mark.sha256 for mark in given}
    owners: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    for student, marks in sorted(handed_in.items()):
        for mark in marks:
            if mark.size >= LEAST_BYTES and mark.sha256 not in known:
                owners[mark.size, mark.sha256].setdefault(student, mark.name)
    found = [
        SameFile(tuple(names), tuple(names.values()), size, digest)
        for (size, digest), names in owners.items()
        if len(names) > 1
    ]
    return sorted(found, key=lambda same: (-same.size, same.students))
