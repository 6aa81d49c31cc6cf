"""Record: one writer puts a result into nbgrader's folders and gradebook and into the class database.

In this order: executed notebook, gradebook, class database, and last the ledger's `current`. Each step replaces what it
finds, so a process killed between two steps is put right by running again.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from grader import __version__
from grader.collect.submissions import TIMESTAMP, KaggleScore, Submission
from grader.course.assignment import Assignment
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.errors import EnvironmentFault
from grader.files import replacing_folder
from grader.grading.job import Graded
from grader.language import _
from grader.outcomes import TaskResult
from grader.record.by_hand.answers import AnswerBook
from grader.record.counting import Change, Counting
from grader.record.database import Admission, ClassDatabase, EntryRecord, RunRecord, RunState, TaskRecord
from grader.record.database.decisions import Decisions
from grader.record.database.late import CountedRecord
from grader.record.database.page_records import GradebookGrade
from grader.record.database.ranges import Ranges
from grader.record.gradebook_writer import GradebookWriter
from grader.record.grades import publish_grade, take_off
from grader.record.history import History, ScoredPredictions
from grader.record.ledger import Ledger, Problem
from grader.record.page_rules import assignment_record
from grader.record.rank_ranges import RankRangeUpdater
from grader.record.upkeep.stored_results import Store, StoredResults
from grader.scoring.contest import AnswerKey
from grader.scoring.failures import Failures, noted_failures
from grader.scoring.late import Counts


@dataclass(frozen=True)
class Restored:
    """What `Recorder.restore` has put right.

    Attributes:
        lacked: the places that had lost the result.
        has_kept: whether points that were given by hand were kept as an override.
    """

    lacked: tuple[Store, ...]
    has_kept: bool


class Recorder:
    """Writes results of one class. There is one at a time: `grader grade` holds the class's lock.

    Attributes:
        regrade_counts: how often a teacher has asked for a submission to be graded anew, by student and assignment.
        history: what was recorded before.
        answers: the page's copy of answers and of points given by hand.
        shared: (student, assignment) pairs that another submission became the grade of, such as a teammate's; whoever
            makes their feedback empties it.
    """

    def __init__(self, course: Course, names: dict[str, str] | None = None) -> None:
        self._course = course
        self._names = names or {}
        self._ledger = Ledger(course.ledger)
        self._database = ClassDatabase.open(course.database_url)
        self._decisions = Decisions(self._database)
        self.regrade_counts = self._decisions.regrade_counts()
        self._gradebook = open_gradebook(course)
        self._points = GradebookWriter(course, self._gradebook)
        self.answers = AnswerBook(course, self._gradebook, self._database)
        self._rank_ranges = RankRangeUpdater(self._ledger, Ranges(self._database))
        self._stored = StoredResults(course, self._gradebook, self._database)
        self.history = History(self._ledger, self._database, self._stored)
        self.shared: list[tuple[str, str]] = []
        self._counting = Counting(course, self._database, self._ledger)
        self._counted_at: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close gradebook and database."""
        self._database.close()
        self._gradebook.close()

    def look_again(self) -> None:
        """Read again what teachers decided and what the stores hold."""
        self.regrade_counts = self._decisions.regrade_counts()
        self._stored.look_again()

    def is_current(self, submission: Submission, key: str) -> bool:
        """Whether the ledger says that this key's result stands."""
        return self._ledger.current(submission.slug, submission.student) == key

    def is_recorded(self, submission: Submission, result: Graded | Problem, key: str) -> bool:
        """Whether this key's result stands, and gradebook, class database and `autograded/` all hold it."""
        if not isinstance(result, Graded) or not self.is_current(submission, key):
            return False
        return not self._stored.lacking(submission.slug, submission.student, result)

    def restore(
        self, submission: Submission, assignment: Assignment, content: str, result: Graded, key: str, regrades: int
    ) -> Restored:
        """Put a result that stands by the ledger into the places that have lost it.

        Points that a teacher gave by hand were in the gradebook alone. Where the class's page knows that there were
        some, the grade stays as it was, as a teacher's override.

        Args:
            submission: whose it is.
            assignment: what it answers.
            content: hash of what was handed in.
            result: what stands.
            key: the ledger's key.
            regrades: the number that is in the key.

        Raises:
            EnvironmentFault: something cannot be written.
        """
        student, slug = submission.student, submission.slug
        lacked = self._stored.lacking(slug, student, result)
        before = None if Store.DATABASE in lacked else self._decisions.grade(student, slug)
        self.record(submission, assignment, content, result, key, stores=lacked)
        if Store.DATABASE in lacked and regrades:
            self._decisions.restore_regrade_count(student, slug, regrades)
        has_kept = Store.GRADEBOOK in lacked and before is not None and self._keep_by_hand(student, slug, before)
        return Restored(lacked, has_kept)

    def _keep_by_hand(self, student: str, slug: str, before: GradebookGrade) -> bool:
        """Keep a grade with points given by hand as an override, if the recorded one differs; whether it was kept."""
        now = self._decisions.grade(student, slug)
        is_same = now is None or math.isclose(before.earned, now.earned, abs_tol=1e-6)
        if is_same or (student, slug) in self._decisions.overrides():
            return False
        reason = _("Points given by hand before the gradebook was lost.")
        self._decisions.override(student, slug, before.points, reason, "grader")
        self._decisions.log("grader", "override", f"{student} / {slug}", f"{before.points:g}: {reason}")
        return True

    def admit(self, submission: Submission, assignment: Assignment, content: str) -> Admission:
        """Take a contest submission if the student's quota allows it; the same content again costs nothing.

        Raises:
            EnvironmentFault: the database does not answer.
        """
        config = self._course.config
        return self._database.admit(
            student_id=submission.student,
            student_name=self._names.get(submission.student) or None,
            assignment=assignment_record(self._course, submission.slug, assignment.max_points),
            content_sha256=content,
            source=_source(submission),
            received_at=submission.received_at,
            quota=config.contest.quota,
            now=datetime.now(UTC),
            zone=ZoneInfo(config.timezone),
        )

    def record_again(self, old: ScoredPredictions, new: Graded, *, is_last: bool) -> None:
        """Append a new result of a submission that was recorded before; that of the last one becomes the grade.

        Raises:
            EnvironmentFault: something cannot be written.
        """
        record = old.record
        now = datetime.now(UTC)
        slug, student = record.assignment.slug, record.student_id
        if is_last:
            folder = self._course.submitted / student / slug
            submission = Submission(student, slug, folder, record.received_at)
            self._write_points(submission, new)
        self._database.record_run(
            replace(
                record,
                key=new.key,
                grader_version=__version__,
                started_at=now,
                finished_at=now,
                points=new.report.points,
                tasks=tuple(_task_record(task) for task in new.report.tasks),
                entry=_entry(new),
                failures=_failures(new),
            )
        )
        if is_last:
            self._ledger.set_current(slug, student, new.key)

    def settle_if_due(self) -> list[Change]:
        """Count everybody's work again if an extension was given since it was done last."""
        mark = self._counting.mark()
        changes = [] if mark == self._counted_at else self.settle()
        self._counted_at = mark
        return changes

    def settle(self, students: Collection[str] | None = None) -> list[Change]:
        """Count work again and write what has changed; no notebook is graded for that.

        Args:
            students: whose work; None is everybody's.

        Raises:
            EnvironmentFault: something cannot be written; running again goes on.
        """
        changes = (self._settle_one(record) for record in self._counting.found(students))
        return [change for change in changes if change is not None]

    def _settle_one(self, record: CountedRecord) -> Change | None:
        student, slug = record.student_id, record.assignment
        grade = self._decisions.grade(student, slug)
        taken_before = self._decisions.share_taken(student, slug)
        if self._ledger.current(slug, student) != record.run_key and not self._put_in_place(record):
            return None  # the ledger has lost that result: what stands goes on standing
        self._points.show_due(student, slug, record.due_at)
        self._counting.keep(record)
        if record.taken is None and taken_before is not None:
            take_off(self._gradebook, student, slug, None)
        publish_grade(self._gradebook, self._decisions, student, slug)
        now = self._decisions.grade(student, slug)
        before = None if grade is None else grade.points
        if now is None or before == now.points:
            return None
        return Change(student, slug, before, now.points, record)

    def _put_in_place(self, record: CountedRecord) -> bool:
        """Let another submission's result be the grade; whether the ledger has it."""
        result = self._ledger.find(record.run_key)
        if not isinstance(result, Graded):
            return False
        student, slug = record.student_id, record.assignment
        self.shared.append((student, slug))
        submission = Submission(student, slug, self._course.submitted / student / slug, record.received_at)
        self._write_points(submission, result)
        self._ledger.set_current(slug, student, record.run_key)
        self._stored.note(slug, student, result)
        return True

    def counted_instead(self, submission: Submission, key: str) -> Graded | None:
        """The result that stands because it is better than this submission's, which was recorded before; or None."""
        student, slug = submission.student, submission.slug
        current = self._ledger.current(slug, student)
        is_alone = len(self._counting.team_of(student, slug)) == 1
        is_own_last = is_alone and self._course.config.counts_of(slug) is Counts.LAST
        if is_own_last or current in ("", key) or not (self._stored.has_run(key) and self._stored.has_run(current)):
            return None
        result = self._ledger.find(current)
        return result if isinstance(result, Graded) else None

    def update_ranges(self, slug: str, key: AnswerKey | None, patience_s: float = math.inf) -> bool:
        """Bring the contest's ranges of ranks up to what is recorded; see `grader.record.rank_ranges`."""
        return self._rank_ranges.update(slug, key, patience_s)

    def record(
        self,
        submission: Submission,
        assignment: Assignment,
        content: str,
        result: Graded | Problem,
        key: str,
        *,
        stores: Collection[Store] = tuple(Store),
        anew: bool = False,
    ) -> None:
        """Write a result everywhere.

        Args:
            submission: whose it is.
            assignment: what it answers.
            content: hash of what was handed in.
            result: what grading gave.
            key: the ledger's key.
            stores: only these places.
            anew: whether it takes the place of an earlier result under the same key, which was lost.

        Raises:
            EnvironmentFault: something cannot be written; what was recorded before stays, and running again goes on.
        """
        try:
            if isinstance(result, Graded):
                self._write_points(submission, result, stores)
            record = self._run_record(submission, assignment, content, result, key)
            self._database.record_run(record, anew=anew)
            publish_grade(self._gradebook, self._decisions, submission.student, submission.slug)
            self.answers.publish(submission.student, submission.slug)
        except OSError as error:
            raise EnvironmentFault(
                _("The result of {student} for {slug} cannot be written: {strerror}.").format(
                    student=submission.student, slug=submission.slug, strerror=error.strerror
                ),
                remedy=_(
                    "Free space or rights and run the same command again; the result itself is kept in the ledger."
                ),
            ) from error
        self._ledger.set_current(submission.slug, submission.student, key)
        if isinstance(result, Graded):
            self._stored.note(submission.slug, submission.student, result)
            self.settle([submission.student])

    def _write_points(self, submission: Submission, result: Graded, stores: Collection[Store] = tuple(Store)) -> None:
        """Write `autograded/` and gradebook, noting first which answers a teacher's points were given for."""
        student, slug = submission.student, submission.slug
        if Store.GRADEBOOK in stores:
            self.answers.publish(student, slug)
        if Store.AUTOGRADED in stores:
            self._write_autograded(submission, result)
        if Store.GRADEBOOK in stores:
            self._points.write(submission, result, self.answers.judged(student, slug))

    def _write_autograded(self, submission: Submission, result: Graded) -> None:
        """Replace the folder `autograded/<student>/<slug>` in one step."""
        target = self._course.autograded / submission.student / submission.slug
        with replacing_folder(target, ".recording-") as made:
            (made / f"{submission.slug}.ipynb").write_bytes(result.notebook)
            stamp = submission.folder / TIMESTAMP
            if stamp.is_file() and not stamp.is_symlink():
                shutil.copy(stamp, made / TIMESTAMP)

    def _run_record(
        self, submission: Submission, assignment: Assignment, content: str, result: Graded | Problem, key: str
    ) -> RunRecord:
        slug = submission.slug
        report = result.report if isinstance(result, Graded) else None
        finished = datetime.now(UTC)
        wall_s = report.wall_s if report else 0.0
        is_complete = report is not None and report.is_complete
        return RunRecord(
            key=key,
            student_id=submission.student,
            student_name=self._names.get(submission.student) or None,
            assignment=assignment_record(self._course, slug, assignment.max_points),
            content_sha256=content,
            source=_source(submission),
            received_at=submission.received_at,
            grader_version=__version__,
            assignment_revision=assignment.revision,
            started_at=finished - timedelta(seconds=wall_s),
            finished_at=finished,
            wall_s=wall_s,
            state=RunState.SCORED if is_complete else RunState.FAILED,
            points=report.points if report else None,
            max_points=assignment.max_points,
            tasks=tuple(_task_record(task) for task in report.tasks) if report else (),
            entry=_entry(result) if is_complete else None,
            failures=_failures(result) if is_complete else None,
            problem=result.message if isinstance(result, Problem) else "",
            remarks=report.notes if report else (),
        )


def _source(submission: Submission) -> str:
    return "kaggle" if isinstance(submission, KaggleScore) else "folder"


def _task_record(task: TaskResult) -> TaskRecord:
    return TaskRecord(
        grade_id=task.grade_id,
        title=task.grade_id.replace("_", " "),
        outcome=str(task.outcome),
        points=task.points if task.outcome.is_graded else None,
        max_points=task.max_points,
        message=task.message,
    )


def _failures(result: Graded | Problem) -> Failures | None:
    """Where the network fails, as the run has noted it in the executed notebook."""
    if not isinstance(result, Graded) or result.score is None:
        return None
    return noted_failures(json.loads(result.notebook).get("metadata"))


def _entry(result: Graded | Problem) -> EntryRecord | None:
    score = result.score if isinstance(result, Graded) else None
    if score is None:
        return None
    has_private = score.private_total > 0
    return EntryRecord(
        metric=f"f1_{score.average}",
        correct=score.public_correct,
        total=score.public_total,
        points=score.points,
        private_correct=score.private_correct if has_private else None,
        private_total=score.private_total if has_private else None,
        accepted=score.accepted,
    )
