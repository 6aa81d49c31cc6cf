"""Whether two students agree more often than their accuracies and the images' difficulty explain.

The statistic. For a pair of students, every image has a difficulty: how many of the *other* students are right on it,
drawn towards their mean. A student's chance on an image is that share, moved on the log-odds scale until the chances
sum up to the student's own count of right images. Two students who work alone agree on an image with the probability
p1 p2 + (1 - p1)(1 - p2) q, where q is how often two other students who are both wrong give the same wrong label. Sums
of these and of their variances give z = (agreements - expected) / deviation; its one-sided p-value is multiplied by the
number of pairs (Bonferroni). With few students q is drawn towards 0.3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

SUSPICIOUS_P = 0.001
NEARLY = 0.99
_PRIOR_SAME_WRONG, _PRIOR_WEIGHT = 0.3, 20
_DIFFICULTY_WEIGHT = 4
_STEPS = 12
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two students' predictions are.

    Attributes:
        first: a student.
        second: another one.
        total: images.
        equal: images with the same label from both.
        expected: how many would be if they had worked alone.
        z: deviations above that.
        p: the p-value, times the number of pairs; at most 1.
        both_wrong: images on which both are wrong.
        same_wrong: of those, with the same wrong label.
    """

    first: str
    second: str
    total: int
    equal: int
    expected: float
    z: float
    p: float
    both_wrong: int
    same_wrong: int

    @property
    def is_identical(self) -> bool:
        """Whether every label is the same."""
        return self.equal == self.total

    @property
    def is_suspicious(self) -> bool:
        """Whether accuracies and difficulty do not explain it."""
        return self.p < SUSPICIOUS_P

    @property
    def is_nearly_identical(self) -> bool:
        """Whether at most one label in a hundred differs, and chance does not explain it."""
        return not self.is_identical and self.equal >= NEARLY * self.total and self.is_suspicious


def agreements(predictions: Mapping[str, Mapping[str, str]], labels: Mapping[str, str]) -> list[Agreement]:
    """Every pair of students, the most alike first.

    Args:
        predictions: of each student, a label for every image.
        labels: the right ones.
    """
    if len(predictions) < 2:
        return []
    students, images = sorted(predictions), list(labels)
    codes = {label: number for number, label in enumerate(sorted({*labels.values(), *_said(predictions)}))}
    said = np.array([[codes[predictions[student][image]] for image in images] for student in students])  # (S, N)
    truth = np.array([codes[labels[image]] for image in images])  # (N,)
    pairs = list(combinations(range(len(students)), 2))
    right = said == truth
    wrongs = {pair: _shared_errors(said, right, *pair) for pair in pairs}
    sums = np.array(list(wrongs.values())).sum(0)
    found = []
    for i, j in pairs:
        both_wrong, same_wrong = wrongs[i, j]
        # Pairs with one of the two say something of their copying, too, and are few; the pair itself is left out.
        q = (sums[1] - same_wrong + _PRIOR_SAME_WRONG * _PRIOR_WEIGHT) / (sums[0] - both_wrong + _PRIOR_WEIGHT)
        expected, deviation = _expected_agreement(right, i, j, float(q))
        equal = int((said[i] == said[j]).sum())
        z = (equal - 0.5 - expected) / deviation if deviation > 0 else 0.0
        p = min(1.0, math.erfc(z / math.sqrt(2)) / 2 * len(pairs))
        found.append(
            Agreement(students[i], students[j], len(images), equal, round(expected, 1), round(z, 1), p,
                      both_wrong, same_wrong)
        )  # fmt: skip
    return sorted(found, key=lambda pair: (-pair.z, pair.first, pair.second))


def _said(predictions: Mapping[str, Mapping[str, str]]) -> set[str]:
    return {label for own in predictions.values() for label in own.values()}


def _shared_errors(said: NDArray[np.int64], right: NDArray[np.bool_], i: int, j: int) -> tuple[int, int]:
    """On how many images both are wrong, and on how many of those alike."""
    both = ~right[i] & ~right[j]
    return int(both.sum()), int((both & (said[i] == said[j])).sum())


def _expected_agreement(right: NDArray[np.bool_], i: int, j: int, q: float) -> tuple[float, float]:
    """Mean and standard deviation of the number of equal labels, for two students who work independently.

    Args:
        right: whether each student is right on each image, (S, N).
        i: one student.
        j: the other one.
        q: probability that two wrong labels are equal.
    """
    others = right.sum(0) - right[i] - right[j]
    count = len(right) - 2
    mean = others.mean() / count if count else right[[i, j]].mean()
    mean = min(max(float(mean), 0.01), 0.99)
    shares = (others + _DIFFICULTY_WEIGHT * mean) / (count + _DIFFICULTY_WEIGHT)  # (N,)
    ease = np.log(shares / (1 - shares))
    p1, p2 = (_correct_probabilities(ease, int(right[student].sum())) for student in (i, j))
    same = p1 * p2 + (1 - p1) * (1 - p2) * q
    return float(same.sum()), float(np.sqrt((same * (1 - same)).sum()))


def _correct_probabilities(ease: Numbers, count: int) -> Numbers:
    """Probabilities of being right on each image, (N,): `ease` (log-odds), shifted so that they sum up to `count`."""
    wanted = min(max(count, 0.5), len(ease) - 0.5)
    shift = 0.0
    for _step in range(_STEPS):  # Newton's method
        chances: Numbers = 1 / (1 + np.exp(-(ease + shift)))
        slope = float((chances * (1 - chances)).sum())
        shift += min(max((wanted - float(chances.sum())) / max(slope, 1e-9), -2.0), 2.0)
    return 1 / (1 + np.exp(-(ease + shift)))
