"""Predictions that are right on test pictures and wrong on their altered copies: a table of known pictures makes such.

A decoy shows what its original shows, so a network that has learned the characters is about as often right on it. Of
the pairs on which exactly one of the two is named rightly, as many would be of either kind; the one-sided p-value of an
exact McNemar test, times the students, says how far from that they are. A network trained without any augmentation does
lose something on decoys, so chance alone is no measure: a finding is also a loss of at least two fifths of the pairs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from grader.scoring.contest import AnswerKey

SUSPICIOUS_P = 0.001
LEAST_LOSS = Fraction(2, 5)


@dataclass(frozen=True, slots=True)
class DecoyLoss:
    """How a student's predictions fare on decoys and on what those are copies of.

    Attributes:
        student: whose they are.
        pairs: decoys, each with its original.
        originals_right: originals that are named rightly.
        decoys_right: decoys that are.
        p: how likely so many are lost if neither of the two is the harder one, times the students; at most 1.
    """

    student: str
    pairs: int
    originals_right: int
    decoys_right: int
    p: float

    @property
    def is_suspicious(self) -> bool:
        """Whether far more is lost than a network's learning explains."""
        return self.p < SUSPICIOUS_P and self.originals_right - self.decoys_right >= LEAST_LOSS * self.pairs


def decoy_losses(predictions: Mapping[str, Mapping[str, str]], key: AnswerKey) -> list[DecoyLoss]:
    """One line per student, the largest loss first; none where the test has no decoys."""
    if not key.decoys:
        return []
    found = [_loss(student, own, key, len(predictions)) for student, own in predictions.items()]
    return sorted(found, key=lambda loss: (loss.decoys_right - loss.originals_right, loss.student))


def _loss(student: str, own: Mapping[str, str], key: AnswerKey, students: int) -> DecoyLoss:
    pairs = [
        (own[original] == key.labels[original], own[decoy] == key.labels[original])
        for decoy, original in key.decoys.items()
    ]
    lost = sum(original and not decoy for original, decoy in pairs)
    gained = sum(decoy and not original for original, decoy in pairs)
    return DecoyLoss(
        student=student,
        pairs=len(pairs),
        originals_right=sum(original for original, _decoy in pairs),
        decoys_right=sum(decoy for _original, decoy in pairs),
        p=min(1.0, _binomial_cdf(gained, lost + gained) * students),
    )


def _binomial_cdf(fewer: int, of: int) -> float:
    """P(X <= fewer) for X ~ Binomial(of, 1/2), exactly."""
    return float(Fraction(sum(math.comb(of, k) for k in range(fewer + 1)), 2**of))
