"""A contest entry's score: how much of each part is right, and the points for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from grader.errors import InvalidConfig
from grader.language import _
from grader.scoring.f1 import Average, exact_f1
from grader.scoring.points import PointsTable, truncated
from grader.scoring.submission_csv import parse_submission

Part = Literal["public", "private"]
Source = Literal["rerun", "network", "csv", "kaggle"]
"""Where an F1 comes from: the notebook is run; its network predicts with weights that are handed in; predictions are
handed in; or Kaggle has scored them."""
RUNS_NOTEBOOK: frozenset[Source] = frozenset({"rerun", "network"})


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """The labels of the hidden test, and which images the board shows. Both are secrets and stay out of `repr`.

    Attributes:
        labels: the class of every test image, by file name.
        public_ids: the images that the shown score counts; the others are the private part.
        classes: every name that a prediction may have.
        decoys: altered copies among the test images, and whose copy each is. They are predicted like all others and
            counted nowhere; only the integrity report compares them.

    Raises:
        ValueError: a label is no class, the public part is empty or not a part of the test, or a decoy is no copy.
    """

    labels: Mapping[str, str] = field(repr=False)
    public_ids: frozenset[str] = field(repr=False)
    classes: tuple[str, ...]
    decoys: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.public_ids or not self.public_ids <= self.labels.keys():
            raise ValueError("the public part is empty or names images that have no label")
        if not set(self.labels.values()) <= set(self.classes):
            raise ValueError("a label of the test is not among the classes")
        if not set(self.decoys.values()) <= self.labels.keys() or self.decoys.keys() & self.labels.keys():
            raise ValueError("a decoy is not the copy of a test image")

    @property
    def ids(self) -> tuple[str, ...]:
        """Every image that a submission has to name, decoys among the others, in the order of their numbers."""
        return tuple(sorted((*self.labels, *self.decoys), key=lambda name: (len(name), name)))

    @property
    def expected(self) -> dict[str, str]:
        """What a submission without a mistake says: a decoy shows what its original shows."""
        return {image: self.labels[self.decoys.get(image, image)] for image in self.ids}

    def ids_of(self, part: Part) -> tuple[str, ...]:
        """The images of one part; which they are is a secret."""
        return tuple(image for image in self.labels if (image in self.public_ids) == (part == "public"))


@dataclass(frozen=True, slots=True)
class ContestScore:
    """What one submission is worth.

    Attributes:
        private_f1: None where the test has no private part.
        points: from the part that the class grades on.
        shown_f1: the public F1 as students see it, five decimals, cut off.
        accepted: False where the Ladder found no clear improvement; then all the rest is the earlier score that stays.
    """

    public_correct: int
    public_total: int
    private_correct: int
    private_total: int
    public_f1: Fraction
    private_f1: Fraction | None
    points: int
    shown_f1: str
    average: Average
    grade_on: Part
    accepted: bool = True


def score_submission(
    data: bytes,
    key: AnswerKey,
    table: PointsTable,
    average: Average = "micro",
    grade_on: Part = "public",
) -> ContestScore:
    """The score of a submission file.

    Raises:
        InvalidSubmission: the file is not one known label for every image.
        InvalidConfig: the class grades on the private part and the test has none.
    """
    return score_predictions(parse_submission(data, key.ids, key.classes), key, table, average, grade_on)


def score_predictions(
    predictions: Mapping[str, str],
    key: AnswerKey,
    table: PointsTable,
    average: Average = "micro",
    grade_on: Part = "public",
) -> ContestScore:
    """The score of predictions that `parse_submission` accepted.

    Raises:
        InvalidConfig: the class grades on the private part and the test has none.
    """
    public, private = key.ids_of("public"), key.ids_of("private")
    public_f1 = _part_f1(predictions, key, public, average)
    private_f1 = _part_f1(predictions, key, private, average) if private else None
    graded = public_f1 if grade_on == "public" else private_f1
    if graded is None:
        raise InvalidConfig(
            _("The class grades on the private part, and the test has none."),
            remedy=_('Set grade_on = "public" or make the data set with a private part.'),
        )
    correct = correct_ids(predictions, key)
    return ContestScore(
        public_correct=len(correct & key.public_ids),
        public_total=len(public),
        private_correct=len(correct - key.public_ids),
        private_total=len(private),
        public_f1=public_f1,
        private_f1=private_f1,
        points=table.points_for(graded),
        shown_f1=truncated(public_f1),
        average=average,
        grade_on=grade_on,
    )


def score_count(correct: int, total: int, table: PointsTable) -> ContestScore:
    """The score of a count that somebody else has made, such as Kaggle's public leaderboard.

    Raises:
        ValueError: it is no count.
    """
    if not 0 <= correct <= total or total == 0:
        raise ValueError(f"{correct} right of {total} is not a score")
    f1 = Fraction(correct, total)
    return ContestScore(
        public_correct=correct,
        public_total=total,
        private_correct=0,
        private_total=0,
        public_f1=f1,
        private_f1=None,
        points=table.points_for(f1),
        shown_f1=truncated(f1),
        average="micro",
        grade_on="public",
    )


def correct_ids(predictions: Mapping[str, str], key: AnswerKey) -> frozenset[str]:
    """The images that are right: as secret as the labels, for paired comparisons on the scoring side."""
    return frozenset(image for image, label in key.labels.items() if predictions.get(image) == label)


def _part_f1(predictions: Mapping[str, str], key: AnswerKey, ids: tuple[str, ...], average: Average) -> Fraction:
    return exact_f1([key.labels[image] for image in ids], [predictions[image] for image in ids], average)
