"""A class's own pictures join the hidden test: pictures that no public archive has. All of them do, or none."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path, PurePosixPath

from grader.datasets.archive import Member, Source, open_source
from grader.datasets.build import place_test, pool_of, require_space, staged
from grader.datasets.layout import (
    Answer,
    Layout,
    Record,
    answer_of,
    load_answers,
    load_record,
    write_answers,
    write_sample_submission,
)
from grader.datasets.picture import UnreadablePictureError, content_digest, examine, strict_pillow
from grader.datasets.places import placed
from grader.datasets.split import Picture, TestPicture, hidden_test
from grader.errors import InvalidConfig
from grader.language import _

_PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class AdditionReport:
    """What was added, and what the hidden test is now.

    Attributes:
        added: new pictures of each class.
        added_public: of those, how many the board counts.
        added_private: how many belong to the private part.
        added_decoys: altered copies of new pictures; they are not scored.
        public_images: pictures of the public part, old and new.
        private_images: of the private part.
        decoys: altered copies in all.
    """

    added: dict[str, int]
    added_public: int
    added_private: int
    added_decoys: int
    public_images: int
    private_images: int
    decoys: int


def add_test(folder: Path, root: Path) -> AdditionReport:
    """Add the pictures in `folder/<class>/` to the hidden test of the data set at `root`.

    Old test images keep their names, and the new ones come after them. Of the new ones as large a share is private, and
    as large a share has a decoy, as of the old.

    Raises:
        MissingDataset: there is no folder, or no data set.
        InvalidConfig: a picture is of an unknown class, cannot be read, is in the data set already, or there is none.
        EnvironmentFault: the disk refused. The data set is as it was.
    """
    root = root.resolve()  # a class may link to a data set elsewhere: that one is what gives way
    record, answers = load_record(root), load_answers(root)
    with open_source(folder) as source, strict_pillow():
        require_space(root, 2 * sum(member.size_bytes for member in source.members))
        found = _Found.of(source, record.classes, _known(Layout(root), answers))
        if found.problems or not found.pictures:
            raise _refused(folder, found.problems)
        with staged(root, replace=True) as layout:
            _take_over(Layout(root), layout)
            new = _named(_pooled(layout, source, found), record, answers)
            place_test(layout, new, kind=record.kind, seed=record.seed)
            for picture in pool_of(layout).iterdir():
                picture.unlink()
            now = _write(layout, record, answers, new)
    parts = Counter(test.part for test in new)
    return AdditionReport(
        added=dict(sorted(Counter(label for _member, label in found.pictures).items())),
        added_public=parts["public"],
        added_private=parts["private"],
        added_decoys=parts["decoy"],
        public_images=now.public_images,
        private_images=now.private_images,
        decoys=now.decoys,
    )


@dataclass
class _Found:
    """The pictures of a folder, and everything that is wrong with it."""

    pictures: list[tuple[Member, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seen: dict[str, PurePosixPath] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source, classes: Sequence[str], known: dict[str, str]) -> _Found:
        found = cls()
        for member, place in placed(source.members):
            if place.kind == "junk":
                continue
            if place.kind != "train":
                found.problems.append(_("{path} is not a picture in the folder of a class").format(path=member.path))
            elif place.label not in classes:
                found.problems.append(_unknown_class(member, place.label, classes))
            else:
                found.look_into(source.read(member), member, place.label, known)
        return found

    def look_into(self, data: bytes, member: Member, label: str, known: dict[str, str]) -> None:
        try:
            digest = examine(data).digest
        except UnreadablePictureError as error:
            text = _("{path} cannot be read as a picture: {reason}")
            self.problems.append(text.format(path=member.path, reason=str(error).rstrip(".")))
            return
        if digest in known:
            self.problems.append(_("{path} is {known} already").format(path=member.path, known=known[digest]))
        elif digest in self.seen:
            text = _("{path} is the same picture as {other}")
            self.problems.append(text.format(path=member.path, other=self.seen[digest]))
        else:
            self.seen[digest] = member.path
            self.pictures.append((member, label))


def _known(layout: Layout, answers: Sequence[Answer]) -> dict[str, str]:
    """What every content in the data set is, by digest: as it was imported, and as it lies there."""
    in_training, in_test = _("a training picture"), _("a picture of the hidden test")
    known = {content_digest(path.read_bytes()): in_training for path in layout.train.rglob("*.jpg")}
    known |= {content_digest(path.read_bytes()): in_test for path in layout.testset.iterdir()}
    return known | {answer.digest: in_test for answer in answers if answer.digest}


def _take_over(old: Layout, new: Layout) -> None:
    """All pictures that are there, as further names of the same files: nothing is copied, nothing is read."""
    for folder in (old.train, old.testset, old.contest_testset):
        if folder.is_dir():
            shutil.copytree(folder, new.root / folder.relative_to(old.root), copy_function=_further_name)


def _further_name(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _pooled(layout: Layout, source: Source, found: _Found) -> list[Picture]:
    pictures = []
    for number, (member, label) in enumerate(found.pictures):
        data, path = source.read(member), pool_of(layout) / str(number)
        path.write_bytes(data)
        pictures.append(Picture(label, content_digest(data), path))
    return pictures


def _named(pictures: Sequence[Picture], record: Record, answers: Sequence[Answer]) -> tuple[TestPicture, ...]:
    scored = record.public_images + record.private_images
    return hidden_test(
        pictures,
        seed=record.seed,
        private_share=Fraction(record.private_images, scored),
        decoys=round(Fraction(record.decoys, scored) * len(pictures)),
        first=1 + max(int(answer.name.removeprefix("img").removesuffix(".jpg")) for answer in answers),
    )


def _write(layout: Layout, record: Record, answers: Sequence[Answer], new: Sequence[TestPicture]) -> Record:
    rows = [*answers, *map(answer_of, new)]
    lines = [record.content_digest, *(f"{row.name} {row.part} {row.label} {row.digest}" for row in map(answer_of, new))]
    write_sample_submission(layout, [row.name for row in rows], record.classes)
    return write_answers(
        layout, rows, kind=record.kind, source=record.source, seed=record.seed, classes=record.classes,
        train_images=record.train_images, content_digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        added=record.added + sum(test.part != "decoy" for test in new),
    )  # fmt: skip


def _unknown_class(member: Member, label: str, classes: Sequence[str]) -> str:
    near = get_close_matches(label.lower(), classes, n=1, cutoff=0.6)
    if not near:
        return _("{path}: there is no class {label}").format(path=member.path, label=label)
    return _("{path}: there is no class {label}; did you mean {near}?").format(
        path=member.path, label=label, near=near[0]
    )


def _refused(folder: Path, problems: Sequence[str]) -> InvalidConfig:
    lines = list(problems[:_PROBLEMS_SHOWN]) or [_("no pictures were found")]
    if len(problems) > len(lines):
        lines.append(_("... and {n} more").format(n=len(problems) - len(lines)))
    return InvalidConfig(
        "\n    ".join([_("{folder} was not added to the hidden test:").format(folder=folder), *lines]),
        remedy=_(
            "Nothing was changed. Expected: FOLDER/<class>/*.jpg or *.png, classes named as in the training data, "
            "pictures that the data set does not have. Put it right and run it again."
        ),
    )
