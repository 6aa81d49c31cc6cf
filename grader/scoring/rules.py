"""How a class's contest turns a file of predictions into points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.scoring.contest import AnswerKey, ContestScore, Part, score_submission
from grader.scoring.f1 import Average
from grader.scoring.ladder import Judge
from grader.scoring.points import PointsTable


@dataclass(frozen=True)
class ContestRules:
    """How the contest's submission becomes points. Holds the answers: it never goes near the sandbox."""

    key: AnswerKey = field(repr=False)
    table: PointsTable
    average: Average = "micro"
    grade_on: Part = "public"
    ladder: bool = False

    def score(self, data: bytes, earlier: Sequence[bytes] = ()) -> ContestScore:
        """The score of a submission file, after the same student's earlier ones, oldest first.

        Raises:
            InvalidSubmission: the file is not one known label for every image.
            InvalidConfig: the class grades on the private part and the test has none.
        """
        if self.ladder:
            return Judge(self.key, self.table, self.average).score(data, earlier)
        return score_submission(data, self.key, self.table, self.average, self.grade_on)
