"""The Ladder (Blum and Hardt 2015): a score is released only where it is a clear improvement on the student's own best.

For right and wrong answers the parameter-free test is exact in integers. With b images newly right and c newly wrong
against the best so far, a new submission is accepted iff b > c and (b - c)^2 > b + c. So probing the public part image
by image gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from grader.errors import InvalidSubmission
from grader.scoring.contest import AnswerKey, ContestScore, correct_ids, score_predictions
from grader.scoring.f1 import Average
from grader.scoring.points import PointsTable
from grader.scoring.submission_csv import parse_submission


def is_clear_improvement(newly_right: int, newly_wrong: int) -> bool:
    """Whether so many images newly right and newly wrong beat the best so far.

    Raises:
        ValueError: a count is negative.
    """
    if newly_right < 0 or newly_wrong < 0:
        raise ValueError(f"{newly_right} newly right and {newly_wrong} newly wrong are no counts")
    return newly_right > newly_wrong and (newly_right - newly_wrong) ** 2 > newly_right + newly_wrong


def climb(steps: Iterable[frozenset[str]]) -> tuple[bool, ...]:
    """Which of a student's submissions are accepted, in the order in which they came; the first one always is.

    Args:
        steps: of each submission, the images of the public part that are right.
    """
    accepted: list[bool] = []
    best: frozenset[str] | None = None
    for right in steps:
        accepted.append(best is None or is_clear_improvement(len(right - best), len(best - right)))
        best = right if accepted[-1] or best is None else best
    return tuple(accepted)


@dataclass(frozen=True, slots=True)
class Judge:
    """How a class scores predictions: everything but the predictions.

    Attributes:
        key: the answers.
        table: the thresholds.
        average: micro, or macro.
    """

    key: AnswerKey
    table: PointsTable
    average: Average = "micro"

    def score(self, data: bytes, earlier: Sequence[bytes]) -> ContestScore:
        """The score that a submission file leaves standing.

        Args:
            data: the file.
            earlier: the files that the same student handed in before, oldest first. Those that are not valid for
                these answers are passed over.

        Returns:
            Its own score where it is accepted; else the score of the best so far, with `accepted` False.

        Raises:
            InvalidSubmission: the file is not one known label for every image.
        """
        tried = [*self._valid(earlier), parse_submission(data, self.key.ids, self.key.classes)]
        accepted = climb(correct_ids(labels, self.key) & self.key.public_ids for labels in tried)
        best = max(number for number, is_accepted in enumerate(accepted) if is_accepted)
        score = score_predictions(tried[best], self.key, self.table, self.average)
        return score if accepted[-1] else replace(score, accepted=False)

    def _valid(self, files: Sequence[bytes]) -> Iterable[dict[str, str]]:
        for data in files:
            try:
                yield dict(parse_submission(data, self.key.ids, self.key.classes))
            except InvalidSubmission:
                continue  # of another data set
