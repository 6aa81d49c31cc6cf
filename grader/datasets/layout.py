"""The folders of a class's data set, and the answers in it.

<root>/student/            what a notebook sees, laid out like the contest
    train/simpsons_dataset/<class>/pic_0000.jpg ...
    testset/testset/img0.jpg ...
    sample_submission.csv
<root>/answers/            mode 0700: never bound into a sandbox, never read by the page
    answers.csv                Id,Expected,Part,Original,Digest
    dataset.json               how the data set was made
<root>/contest_testset/    an imported archive's own test images, for the teacher; they have no labels
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Literal

from grader.datasets.split import TestPicture
from grader.errors import MissingDataset
from grader.language import _
from grader.scoring.contest import AnswerKey

SCHEMA = 2
"""Since 2 there may be decoys, and a test picture's file is not the picture that it was made of."""
Kind = Literal["imported", "synthesized"]
_READABLE = (1, SCHEMA)
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_HEADER = ("Id", "Expected", "Part", "Original", "Digest")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie below a data set's root."""

    root: Path

    @property
    def student(self) -> Path:
        """The folder that a sandbox may see."""
        return self.root / "student"

    @property
    def train(self) -> Path:
        """The class folders with the training images."""
        return self.student / "train" / "simpsons_dataset"

    @property
    def testset(self) -> Path:
        """The hidden test's images, without labels."""
        return self.student / "testset" / "testset"

    @property
    def sample_submission(self) -> Path:
        """A valid submission with one class for everything."""
        return self.student / "sample_submission.csv"

    @property
    def answers(self) -> Path:
        """The folder that only the scoring side may see."""
        return self.root / "answers"

    @property
    def answers_csv(self) -> Path:
        """Label and part of every test image."""
        return self.answers / "answers.csv"

    @property
    def record(self) -> Path:
        """How the data set was made."""
        return self.answers / "dataset.json"

    @property
    def contest_testset(self) -> Path:
        """The test images that came with an imported archive."""
        return self.root / "contest_testset"


@dataclass(frozen=True, slots=True)
class Record:
    """What `dataset.json` says. The seed and the digests tell the split, so it lies with the answers.

    Attributes:
        classes: every class of the training images, sorted.
        decoys: altered copies among the test images, which belong to no part.
        added: test images that the class has added itself.
        content_digest: over all images, labels and parts; two equal data sets have the same.
        answers_digest: of `answers.csv`, to notice an edited or half-copied file.
    """

    schema: int
    kind: Kind
    source: str
    seed: int
    classes: tuple[str, ...]
    train_images: int
    public_images: int
    private_images: int
    content_digest: str
    answers_digest: str
    decoys: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A row of `answers.csv`.

    Attributes:
        label: the class.
        part: public, private or decoy.
        original: of a decoy, the name of the test image that it is a copy of.
        digest: of the content that the image was made of; empty before schema 2, where the file itself is that.
    """

    name: str
    label: str = field(repr=False)
    part: str
    original: str = ""
    digest: str = ""


def answer_of(test: TestPicture) -> Answer:
    """The row of a test picture."""
    return Answer(test.name, test.picture.label, test.part, test.original, test.picture.digest)


def is_dataset(root: Path) -> bool:
    """Whether a data set of ours lies there."""
    return Layout(root).record.is_file()


def load_record(root: Path) -> Record:
    """How the data set was made.

    Raises:
        MissingDataset: there is none, it may not be read, or another version wrote it.
    """
    try:
        fields = json.loads(_read(root, Layout(root).record))
        record = Record(**{**fields, "classes": tuple(fields["classes"])})
    except (ValueError, TypeError, KeyError):
        raise _damaged(root) from None
    if record.schema not in _READABLE:
        raise MissingDataset(
            _("The data set in {root} has schema {found}; this version reads {expected}.").format(
                root=root, found=record.schema, expected=SCHEMA
            ),
            remedy=_how_to_make_one(),
        )
    return record


def load_answers(root: Path) -> tuple[Answer, ...]:
    """The rows of `answers.csv`, in their order.

    Raises:
        MissingDataset: there is no data set, it may not be read, or its files do not belong together.
    """
    record = load_record(root)
    data = _read(root, Layout(root).answers_csv)
    if hashlib.sha256(data).hexdigest() != record.answers_digest:
        raise _damaged(root)
    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))
        return tuple(
            Answer(row["Id"], row["Expected"], row["Part"], row.get("Original", ""), row.get("Digest", ""))
            for row in rows
        )
    except (KeyError, ValueError):
        raise _damaged(root) from None


def load_answer_key(root: Path) -> AnswerKey:
    """The labels of the hidden test.

    Raises:
        MissingDataset: there is no data set, it may not be read, or its files do not belong together.
    """
    answers = load_answers(root)
    try:
        return AnswerKey(
            labels={answer.name: answer.label for answer in answers if answer.part != "decoy"},
            public_ids=frozenset(answer.name for answer in answers if answer.part == "public"),
            classes=load_record(root).classes,
            decoys={answer.name: answer.original for answer in answers if answer.part == "decoy"},
        )
    except ValueError:
        raise _damaged(root) from None


def write_answers(
    layout: Layout, answers: Sequence[Answer], *, kind: Kind, source: str, seed: int, classes: Sequence[str],
    train_images: int, content_digest: str, added: int = 0,
) -> Record:  # fmt: skip
    """Write `answers/` and return what it records."""
    layout.answers.mkdir(mode=_PRIVATE_FOLDER)
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_HEADER)
    table.writerows(astuple(answer) for answer in answers)
    data = text.getvalue().encode("utf-8")
    parts = Counter(answer.part for answer in answers)
    record = Record(
        schema=SCHEMA, kind=kind, source=source, seed=seed, classes=tuple(classes), train_images=train_images,
        public_images=parts["public"], private_images=parts["private"], content_digest=content_digest,
        answers_digest=hashlib.sha256(data).hexdigest(), decoys=parts["decoy"], added=added,
    )  # fmt: skip
    _write_private(layout.answers_csv, data)
    _write_private(layout.record, json.dumps(asdict(record), indent=2).encode("utf-8"))
    return record


def write_sample_submission(layout: Layout, names: Sequence[str], classes: Sequence[str]) -> None:
    """The contest's sample: every image is bart_simpson, or the first class where the town has no Bart."""
    label = "bart_simpson" if "bart_simpson" in classes else classes[0]
    rows = ["Id,Expected", *(f"{name},{label}" for name in names)]
    layout.sample_submission.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=_PRIVATE_FILE)
    path.write_bytes(data)


def _read(root: Path, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingDataset(
            _("There is no data set in {root}.").format(root=root), remedy=_how_to_make_one()
        ) from None
    except OSError as error:
        raise MissingDataset(
            _("The answers in {root} cannot be read: {reason}.").format(root=root, reason=error.strerror),
            remedy=_("Run the grader as the user who made the data set."),
        ) from error


def _damaged(root: Path) -> MissingDataset:
    return MissingDataset(
        _("The answers in {root} are damaged: answers.csv and dataset.json do not belong together.").format(root=root),
        remedy=_how_to_make_one(),
    )


def _how_to_make_one() -> str:
    return _("Run `grader dataset synthesize` or `grader dataset import ARCHIVE`.")
