"""What counts of each student's work: which submission, and what being late costs it. Nothing is graded for that.

The class database has the moments at which submissions were received and what they earned, class.toml the rules, a
teacher's extensions the exceptions; `grader.scoring.late` decides. Called whenever one of these has changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo

from grader.course.folder import Course
from grader.record.database import ClassDatabase
from grader.record.database.late import CountedRecord, ExtensionRecord, LateBook, Place, ScoredRun, together_with
from grader.record.ledger import Ledger
from grader.scoring.late import Attempt, Counted, Counts, LateRules, Policy, Terms, count, exact


@dataclass(frozen=True)
class Change:
    """A grade that is another one since work was counted again.

    Attributes:
        student: the student's id.
        assignment: slug.
        before: points as they were, penalty taken off; None where there were none.
        after: as they are now.
        counted: what counts now.
    """

    student: str
    assignment: str
    before: float | None
    after: float
    counted: CountedRecord


class Counting:
    """Decides what counts in one class; the recorder writes it."""

    def __init__(self, course: Course, database: ClassDatabase, ledger: Ledger) -> None:
        self._course = course
        self._ledger = ledger
        self._book = LateBook(database)
        self._zone = ZoneInfo(course.config.timezone)
        self._rules = course.config.late.rules
        self._members = self._book.members()

    @property
    def rules(self) -> LateRules:
        """The class's rules for late work."""
        return self._rules

    def team_of(self, student: str, slug: str) -> list[str]:
        """Everybody who hands in together with a student, or the student alone."""
        return together_with(self._members, student, slug)

    def mark(self) -> object:
        """Something that changes with every extension."""
        return self._book.extension_mark()

    def found(self, students: Collection[str] | None = None) -> Iterator[CountedRecord]:
        """What counts, of these students or of everybody; only what has changed since it was written last.

        Args:
            students: whose work; a team's members come with its holder.
        """
        wanted = None if students is None else self._with_teams(students)
        runs = self._book.runs(None if wanted is None else self._with_teams(wanted))
        extensions, known = self._book.extensions(), self._book.counted(wanted)
        for student in sorted(self._everybody(runs) if wanted is None else wanted):
            for record in self._of_student(student, runs, extensions):
                if known.get((student, record.assignment)) != record:
                    yield record

    def keep(self, record: CountedRecord) -> None:
        """Note what counts, when it has been written everywhere else."""
        self._book.count(record)

    def _everybody(self, runs: list[ScoredRun]) -> set[str]:
        return {run.student_id for run in runs} | {student for student, _slug in self._members}

    def _with_teams(self, students: Collection[str]) -> set[str]:
        """These students, and whoever hands in anything together with one of them."""
        holders = {one.holder_id for (s, _a), one in self._members.items() if s in students}
        return {*students, *(s for (s, _a), one in self._members.items() if one.holder_id in holders)}

    def _of_student(
        self, student: str, runs: list[ScoredRun], extensions: Mapping[Place, ExtensionRecord]
    ) -> Iterator[CountedRecord]:
        attempts = self._attempts(student, runs)
        terms = {slug: self.terms(student, slug, extensions) for slug in attempts}
        flat = [attempt for own in attempts.values() for attempt in own]
        found = count(flat, terms, self._rules, self._zone)
        has_budget = self._rules.policy is Policy.BUDGET
        left = self._rules.days - sum(one.days_free for one in found.values()) if has_budget else None
        for slug, one in found.items():
            yield self._record(student, one, left, len(attempts[slug]))

    def terms(self, student: str, slug: str, extensions: Mapping[Place, ExtensionRecord]) -> Terms:
        """When a student's work is due, and which of it counts: an extension never makes a deadline earlier."""
        due = self._course.config.deadline_of(slug)
        extension = extensions.get((student, slug))
        if due is not None and extension is not None and extension.until > due:
            due = extension.until
        return Terms(due, self._course.config.counts_of(slug))

    def _attempts(self, student: str, runs: list[ScoredRun]) -> dict[str, list[Attempt]]:
        """What may count: the submission whose result stands; where the best counts, all, by their newest results."""
        of_assignment: dict[str, list[ScoredRun]] = defaultdict(list)
        for run in runs:
            if run.student_id in self._teams_of(student).get(run.assignment, (student,)):
                of_assignment[run.assignment].append(run)
        chosen = {slug: self._candidates(student, slug, own) for slug, own in of_assignment.items()}
        return {
            slug: [Attempt(slug, run.received_at, exact(run.points), run.key) for run in own]
            for slug, own in chosen.items()
            if own
        }

    def _teams_of(self, student: str) -> dict[str, list[str]]:
        return {slug: self.team_of(student, slug) for (one, slug) in self._members if one == student}

    def _candidates(self, student: str, slug: str, runs: list[ScoredRun]) -> list[ScoredRun]:
        current = {self._ledger.current(slug, one) for one in self.team_of(student, slug)}
        standing = [run for run in runs if run.key in current]
        if self._course.config.counts_of(slug) is Counts.LAST:
            # Of a team's, the one that was received last: the others' results stood until then.
            return sorted(standing, key=lambda run: (run.received_at, run.run_id))[-1:]
        newest = {run.submission_id: run for run in runs}
        # Of an earlier run of its submission, where rules were changed and changed back.
        newest |= {run.submission_id: run for run in standing}
        return sorted(newest.values(), key=lambda run: run.submission_id)

    def _record(self, student: str, one: Counted, left: int | None, of: int) -> CountedRecord:
        is_ours = self._rules.policy is not Policy.NONE
        return CountedRecord(
            student_id=student,
            assignment=one.attempt.assignment,
            run_key=one.attempt.key,
            received_at=one.attempt.at,
            due_at=None if one.due is None else one.due.astimezone(UTC),
            days_late=one.days_late,
            days_free=one.days_free,
            taken=one.taken if is_ours else None,
            days_left=left,
            of_submissions=of,
        )
