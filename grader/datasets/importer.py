"""The contest's archive becomes a class's data set, in one pass over its files."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from grader.datasets.archive import Member, Source, open_source
from grader.datasets.build import ClassCount, Progress, class_counts, fill, pool_of, require_space, staged
from grader.datasets.layout import Layout
from grader.datasets.picture import Facts, UnreadablePictureError, examine, strict_pillow
from grader.datasets.places import Place, placed
from grader.datasets.split import DECOYS, Picture, split
from grader.errors import EnvironmentFault
from grader.language import _

_FILE_NAME = re.compile(r"\w[\w.\- ]{0,119}")
_TINY_PIXELS = 32


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A picture that could not be decoded, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and made of it.

    Attributes:
        decoys: altered copies of test pictures among them; they are not scored.
        duplicates: byte-equal copies (metadata aside) of a training picture in its own class; left out.
        contradictions: pictures that lie in several classes; all their copies are left out.
        disguised: PNG data under a JPEG name or the other way round; kept as they are.
        tiny: pictures with a side below 32 pixels; kept.
        junk: files that a system left there (`__MACOSX`, `.DS_Store`).
        other: files that belong to neither class folders nor test images.
        unsafe: paths that lead out of the archive; left out.
        contest_test_images: the archive's own test images, kept for the teacher in `contest_testset/`.
        contest_test_known: how many of those are equal to a training picture.
    """

    source: str
    seed: int
    classes: tuple[ClassCount, ...]
    train_images: int
    public_images: int
    private_images: int
    decoys: int
    duplicates: int
    contradictions: int
    disguised: int
    tiny: int
    junk: int
    other: int
    unsafe: int
    unreadable: tuple[UnreadableFile, ...]
    contest_test_images: int
    contest_test_known: int
    content_digest: str
    wall_s: float


def import_archive(
    source: Path,
    root: Path,
    *,
    seed: int = 0,
    test_classes: int = 20,
    per_class: int = 50,
    private_share: Fraction = Fraction(5, 100),
    decoys: int = DECOYS,
    progress: Progress | None = None,
    replace: bool = False,
) -> ImportReport:
    """Make a class's data set at `root` from the contest's zip file or folder.

    Every file is read, decoded and hashed once. The hidden test is taken from the labelled pictures: the archive's
    own test has no labels. Training pictures stay as they are, test pictures are altered: whoever has the archive has
    their labels too.

    Raises:
        MissingDataset: there is no such archive.
        EnvironmentFault: it is damaged or too large or holds no class folders, the disk is full, or a data set is
            there already. What was at `root` is as it was.
        ValueError: the shape of the test makes no sense.
    """
    started = time.perf_counter()
    with open_source(source) as archive:
        require_space(root, sum(member.size_bytes for member in archive.members) * 11 // 10)
        with staged(root, replace=replace) as layout, strict_pillow():
            harvest = _harvest(archive, layout, progress)
            pictures = harvest.consistent()
            if len({picture.label for picture in pictures}) < 2:
                raise _no_classes(source, archive)
            parts = split(
                pictures, seed=seed, test_classes=test_classes, per_class=per_class, private_share=private_share,
                decoys=decoys,
            )  # fmt: skip
            record = fill(layout, parts, kind="imported", source=source.name, seed=seed)
    return ImportReport(
        source=str(source),
        seed=seed,
        classes=class_counts(parts),
        train_images=record.train_images,
        public_images=record.public_images,
        private_images=record.private_images,
        decoys=record.decoys,
        duplicates=harvest.counts["duplicate"],
        contradictions=len(harvest.contradicting),
        disguised=harvest.counts["disguised"],
        tiny=harvest.counts["tiny"],
        junk=harvest.counts["junk"],
        other=harvest.counts["other"],
        unsafe=harvest.counts["unsafe"],
        unreadable=tuple(harvest.unreadable),
        contest_test_images=len(harvest.contest_test),
        contest_test_known=sum(digest in harvest.pictures for digest in harvest.contest_test.values()),
        content_digest=record.content_digest,
        wall_s=time.perf_counter() - started,
    )


@dataclass
class _Harvest:
    """What the pass over the files has gathered so far."""

    pictures: dict[str, Picture] = field(default_factory=dict)
    contradicting: set[str] = field(default_factory=set)
    contest_test: dict[str, str] = field(default_factory=dict)
    unreadable: list[UnreadableFile] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def consistent(self) -> list[Picture]:
        """The pictures that lie in one class only; the others leave the pool."""
        for digest in self.contradicting:
            self.pictures[digest].path.unlink()
        return [picture for digest, picture in self.pictures.items() if digest not in self.contradicting]


def _harvest(archive: Source, layout: Layout, progress: Progress | None) -> _Harvest:
    harvest = _Harvest()
    for done, (member, place) in enumerate(placed(archive.members), start=1):
        if place.kind in ("train", "test"):
            _take(archive, member, place, layout, harvest)
        else:
            harvest.counts[place.kind] += 1
        if progress is not None:
            progress(done, len(archive.members))
    return harvest


def _take(archive: Source, member: Member, place: Place, layout: Layout, harvest: _Harvest) -> None:
    data = archive.read(member)
    try:
        facts = examine(data)
    except UnreadablePictureError as error:
        harvest.unreadable.append(UnreadableFile(str(member.path), str(error)))
        return
    is_new = (
        _keep_labelled(data, facts, place.label, layout, harvest)
        if place.kind == "train"
        else _keep_contest_test(data, facts, member, layout, harvest)
    )
    if is_new:
        harvest.counts["tiny"] += min(facts.width, facts.height) < _TINY_PIXELS
        harvest.counts["disguised"] += (facts.format == "PNG") != (member.path.suffix.lower() == ".png")


def _keep_labelled(data: bytes, facts: Facts, label: str, layout: Layout, harvest: _Harvest) -> bool:
    known = harvest.pictures.get(facts.digest)
    if known is not None:
        if known.label == label:
            harvest.counts["duplicate"] += 1
        else:
            harvest.contradicting.add(facts.digest)
        return False
    path = pool_of(layout) / str(len(harvest.pictures))
    path.write_bytes(data)
    harvest.pictures[facts.digest] = Picture(label, facts.digest, path)
    return True


def _keep_contest_test(data: bytes, facts: Facts, member: Member, layout: Layout, harvest: _Harvest) -> bool:
    name = member.path.name if _FILE_NAME.fullmatch(member.path.name) else f"file{member.index}.jpg"
    if harvest.contest_test.get(name) == facts.digest:  # the folder nested inside itself
        return False
    if name in harvest.contest_test:
        name = f"{member.index}_{name}"
    layout.contest_testset.mkdir(exist_ok=True)
    (layout.contest_testset / name).write_bytes(data)
    harvest.contest_test[name] = facts.digest
    return True


def _no_classes(source: Path, archive: Source) -> EnvironmentFault:
    found = sorted({"/".join(member.path.parts[:2]) for member in archive.members})[:5]
    return EnvironmentFault(
        _("{source} holds no pictures in class folders. Found: {found}.").format(
            source=source, found=", ".join(found) or _("nothing")
        ),
        remedy=_("Expected train/simpsons_dataset/<class>/*.jpg, as in the contest's archive."),
    )
