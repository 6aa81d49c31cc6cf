"""Ranges of ranks: which ranks of a contest's leaderboard do not differ significantly.

Whose images are right is a secret equal to the labels. So the comparison is made here, on the side of the answers, from
the predictions in the ledger, and two numbers for each student are all that the class database gets. Only the public
part is compared, whose scores the board shows, and of each student only the submission that the board ranks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.errors import InvalidSubmission
from grader.record.database.ranges import Ranges, ShownScore
from grader.record.ledger import Ledger
from grader.scoring.contest import AnswerKey
from grader.scoring.mcnemar import RankRange, rank_ranges
from grader.scoring.submission_csv import parse_submission

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RankRangeUpdater:
    """Keeps the ranges of a class up to date; caches the predictions it has read: the watcher calls it often."""

    def __init__(self, ledger: Ledger, ranges: Ranges) -> None:
        self._ledger = ledger
        self._ranges = ranges
        self._key: AnswerKey | None = None
        self._right: dict[str, NDArray[np.bool_] | None] = {}

    def update(self, slug: str, key: AnswerKey | None, patience_s: float = math.inf) -> bool:
        """Compare all students of a contest, if a run was recorded since they were last compared.

        Args:
            slug: the contest.
            key: its answers; None where there are none, and nobody has a range.
            patience_s: for how long predictions may be read; a later call goes on.

        Returns:
            Whether the ranges are up to date.
        """
        newest = self._ranges.newest_run(slug)
        if newest == self._ranges.counted_run(slug):
            return True
        if key is None:
            self._ranges.store(slug, {}, newest)
            return True
        scores = self._ranges.scores(slug)
        best = _best(scores)
        if key != self._key:
            self._key, self._right = key, {}
        give_up = time.monotonic() + patience_s
        for number, score in enumerate(score for score in best.values() if score.key not in self._right):
            if number and time.monotonic() > give_up:  # each call reads one at least, so that the calls come to an end
                return False
            self._right[score.key] = self._read(score, key)
        self._right = {score.key: self._right[score.key] for score in best.values()}
        known = {student: right for student, score in best.items() if (right := self._right[score.key]) is not None}
        ranked = len({score.student_id for score in scores})
        self._ranges.store(slug, _compared(known, ranked - len(known)), newest)
        return True

    def _read(self, score: ShownScore, key: AnswerKey) -> NDArray[np.bool_] | None:
        """Which public images are right; None where the predictions are gone or are not what the board shows."""
        import numpy as np  # noqa: PLC0415 - the command line starts without it

        try:
            labels = parse_submission(self._ledger.predictions(score.key), key.ids, key.classes)
        except InvalidSubmission:
            return None
        public = key.ids_of("public")
        right = np.array([labels[image] == key.labels[image] for image in public])
        is_shown = (int(right.sum()), len(public)) == (score.correct, score.total)
        return right if is_shown else None


def _best(scores: Iterable[ShownScore]) -> dict[str, ShownScore]:
    """The submission that the board ranks, of each student: the best, of equals the earliest.

    Where the Ladder let an earlier score stand, that one's own submission is taken: it is among them with the same
    score. A student whose best score is of no such submission, because the rules have changed since, has none here.
    """
    best: dict[str, ShownScore] = {}
    for score in sorted(scores, key=lambda score: (-Fraction(score.correct, score.total), not score.accepted,
                                                   score.received_at)):  # fmt: skip
        best.setdefault(score.student_id, score)
    return {student: score for student, score in best.items() if score.accepted}


def _compared(right: dict[str, NDArray[np.bool_]], unknown: int) -> dict[str, RankRange]:
    """The ranges of students whose right images are known, beside so many ranked ones whose are not."""
    import numpy as np  # noqa: PLC0415 - the command line starts without it

    if not right:
        return {}
    return dict(zip(right, rank_ranges(np.stack(list(right.values())), unknown), strict=True))
