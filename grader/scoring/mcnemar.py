"""Which ranks the noise of a test set does not tell apart: exact McNemar tests on paired correctness.

Two students answer the same images, so their scores are compared image by image. Images that both name rightly or both
wrongly say nothing; of the m on which exactly one is right, each is a coin toss if the two are equally good. With c the
smaller of the two counts, the exact two-sided p-value is min(1, 2 P(X <= c)) for X ~ Binomial(m, 1/2), and the one who
is right more often is significantly better iff p < 0.05. The comparison is made in integers: 40 sum C(m, k) < 2^m.

What this does not do. Pairs are compared one at a time, without a correction for how many there are: in a large class
one pair in twenty of equally good students is told apart by chance. And images count as independent; near copies of
one scene are not, so the true ranges are rather wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ONE_IN = 20  # significance: p < 1/20


@dataclass(frozen=True, slots=True)
class RankRange:
    """The ranks that a student's cannot be told apart from.

    Attributes:
        first: 1 + how many are significantly better.
        last: how many there are in all, less those who are significantly worse.
    """

    first: int
    last: int


def rank_ranges(right: NDArray[np.bool_], unknown: int = 0) -> list[RankRange]:
    """The range of ranks of each student.

    It always holds the student's own rank: whoever is significantly better has more images right.

    Args:
        right: whether a student names an image rightly, (S, N).
        unknown: ranked students of whom only the count is known; nobody can be told apart from them.

    Returns:
        One range per student. Equal rows have equal ranges.
    """
    import numpy as np  # noqa: PLC0415 - the database knows ranges, and the command line starts without numpy

    marks = right.astype(np.float32)  # sums of less than 2**24 ones are exact, and the product is a fast one
    both = np.rint(marks @ marks.T).astype(np.int64)  # (S, S)
    only_first = both.diagonal()[:, None] - both
    only_second = only_first.T
    discordant = only_first + only_second
    most = np.full(int(discordant.max(initial=0)) + 1, -1)
    for count in np.unique(discordant):
        most[count] = _most_of(int(count))
    is_better = (only_first > only_second) & (only_second <= most[discordant])  # (S, S): the row than the column
    first = 1 + is_better.sum(axis=0)
    last = len(right) + unknown - is_better.sum(axis=1)
    return [RankRange(int(low), int(high)) for low, high in zip(first, last, strict=True)]


@cache
def _most_of(discordant: int) -> int:
    """The largest smaller count that is still significant; -1 where none is, as with fewer than six images."""
    most, tail, next_term = -1, 0, 1
    while 2 * _ONE_IN * (tail + next_term) < 2**discordant:
        tail += next_term
        most += 1
        next_term = next_term * (discordant - most) // (most + 1)
    return most
