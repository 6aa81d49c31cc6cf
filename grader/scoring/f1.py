"""The contest's metric, twice: by scikit-learn to show, in exact fractions to give points.

scikit-learn and scipy take two seconds to import and giving points needs neither, so they are imported at first use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

Average = Literal["micro", "macro"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; both ends are shown, because it is not symmetric."""

    low: float
    high: float


def f1(expected: Sequence[str], predicted: Sequence[str], average: Average) -> float:
    """F1 by scikit-learn, in [0, 1]. Every image has exactly one label, so micro F1 is accuracy.

    Raises:
        ValueError: the sequences are empty or differ in length.
    """
    from sklearn.metrics import f1_score  # noqa: PLC0415 - see the module's first lines

    _require_pairs(expected, predicted)
    return float(f1_score(list(expected), list(predicted), average=average, zero_division=0))


def exact_f1(expected: Sequence[str], predicted: Sequence[str], average: Average) -> Fraction:
    """The same F1 as a fraction, to be compared with a threshold.

    Macro is the mean over the classes that occur in `expected` or in `predicted`, as scikit-learn takes it.

    Raises:
        ValueError: the sequences are empty or differ in length.
    """
    _require_pairs(expected, predicted)
    hits = Counter(want for want, got in zip(expected, predicted, strict=True) if want == got)
    if average == "micro":
        return Fraction(hits.total(), len(expected))
    # 2 tp / (2 tp + fp + fn): the denominator is how often the class was expected plus how often it was predicted.
    occurrences = Counter(expected) + Counter(predicted)
    return sum((Fraction(2 * hits[name], n) for name, n in occurrences.items()), Fraction()) / len(occurrences)


@lru_cache(maxsize=4096)
def wilson(correct: int, total: int) -> Interval:
    """The Wilson 95% interval of `correct` right of `total`: how good the model is on new frames.

    Remembered, because it takes a millisecond and a board asks for every row whenever a result comes in.

    Raises:
        ValueError: not 0 <= correct <= total, or total is 0.
    """
    if not 0 <= correct <= total or total == 0:
        raise ValueError(f"{correct} right of {total} is not a score")
    from scipy.stats import binomtest  # noqa: PLC0415 - see the module's first lines

    bounds = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    return Interval(low=float(bounds.low), high=float(bounds.high))


def _require_pairs(expected: Sequence[str], predicted: Sequence[str]) -> None:
    if not expected or len(expected) != len(predicted):
        raise ValueError(f"{len(expected)} labels and {len(predicted)} predictions cannot be compared")
