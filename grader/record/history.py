"""Read what was recorded before: predictions that were scored, and the result that stands."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from grader.collect.submissions import Submission
from grader.grading.job import Graded
from grader.record.database import ClassDatabase, RunRecord, RunReport
from grader.record.ledger import Ledger
from grader.record.upkeep.stored_results import StoredResults


@dataclass(frozen=True)
class ScoredPredictions:
    """Predictions that were scored: what the class database says of them, and what the ledger keeps."""

    record: RunRecord
    result: Graded

    @property
    def content(self) -> str:
        """Hash of everything handed in."""
        return self.record.content_sha256


class History:
    """Reads the earlier results of one class; the class database has their order, the ledger their content."""

    def __init__(self, ledger: Ledger, database: ClassDatabase, stored: StoredResults) -> None:
        self._ledger = ledger
        self._database = database
        self._stored = stored

    def students_of(self, slug: str) -> list[str]:
        """Whoever has a run of this assignment."""
        return sorted({report.student_id for report in self._database.reports(assignment=slug)})

    def scored_predictions(self, slug: str, student: str) -> list[ScoredPredictions]:
        """The predictions that a student has had scored, each with its latest result, in the order of first arrival."""
        scored: dict[int, RunRecord] = {}
        for report in sorted(self._runs(slug, student), key=lambda report: report.run_id):
            if report.record.entry is not None:
                scored[report.submission_id] = report.record
        found = []
        for _number, record in sorted(scored.items()):
            result = self._ledger.find(record.key)
            if isinstance(result, Graded) and result.predictions:
                found.append(ScoredPredictions(record, result))
        return found

    def earlier_predictions(self, submission: Submission, content: str) -> tuple[bytes, ...]:
        """What the same student handed in before this and had scored, oldest first.

        The order is ours, of their first arrival: a time stamp of the student's does not move a submission.
        """
        before = itertools.takewhile(
            lambda one: one.content != content, self.scored_predictions(submission.slug, submission.student)
        )
        results = (*self._forgotten(submission), *(one.result for one in before))
        return tuple(result.predictions for result in results)

    def _forgotten(self, submission: Submission) -> tuple[Graded, ...]:
        """The contest result that stands, where a lost class database has forgotten it: the Ladder has to know."""
        current = self._ledger.current(submission.slug, submission.student)
        result = None if self._stored.has_run(current) else self._ledger.find(current)
        return (result,) if isinstance(result, Graded) and result.predictions else ()

    def later_result(self, submission: Submission, content: str) -> Graded | None:
        """The result that stands where a later submission of other content has taken this one's place, or None."""
        current = self._ledger.current(submission.slug, submission.student)
        contents = {
            report.record.key: report.record.content_sha256
            for report in self._runs(submission.slug, submission.student)
        }
        if contents.get(current, content) == content:
            return None
        result = self._ledger.find(current)
        return result if isinstance(result, Graded) else None

    def _runs(self, slug: str, student: str) -> list[RunReport]:
        return self._database.reports(assignment=slug, student_id=student, every_run=True)
