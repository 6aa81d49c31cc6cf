"""Decide what a submission needs: nothing, a known result recorded again, or a run; and make its row afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from grader.collect.submissions import Handed, Submission
from grader.course.assignment import Assignment, load_assignment
from grader.course.folder import Course
from grader.course.roster import is_student_name
from grader.diagnosis.reference import Reference, read_reference
from grader.errors import GraderError, InvalidConfig, InvalidSubmission
from grader.grading.conditions import conditions_of, require_contest
from grader.grading.job import Conditions, Graded, Job
from grader.language import _
from grader.notebook import read_notebook
from grader.outcomes import Report
from grader.record.ledger import Ledger, Problem, earlier_rules_hash, ledger_key, rules_hash, submission_hash
from grader.record.recorder import Recorder
from grader.record.upkeep.stored_results import Store
from grader.scoring.contest import AnswerKey, ContestScore

_MAX_FORGOTTEN = 20  # regrades that a lost class database may have known of


class GradingStatus(StrEnum):
    """What `grade_class` did with a submission."""

    GRADED = "graded"
    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    NOT_GRADED = "not_graded"


@dataclass(frozen=True)
class Row:
    """One submission's line in the result table.

    Attributes:
        student: the student's id.
        slug: the assignment.
        status: graded now, recorded again from the ledger, unchanged since an earlier run, or not graded.
        report: outcomes of the graded cells; None where nothing could be graded.
        score: the contest's score, if there is one.
        problem: why it could not be graded.
        device: where it was graded; empty where nothing ran.
        remark: what the teacher should know of the submission beside that.
        lacked: the places that had lost the result, which the ledger knew.
        kept_by_hand: whether a grade with points given by hand was kept as an override, its cells being lost.
        was_damaged: whether it was graded anew because its entry in the ledger was damaged.
    """

    student: str
    slug: str
    status: GradingStatus
    report: Report | None = None
    score: ContestScore | None = None
    problem: str = ""
    device: str = ""
    remark: str = ""
    lacked: tuple[Store, ...] = ()
    kept_by_hand: bool = False
    was_damaged: bool = False


@dataclass(frozen=True)
class Work:
    """A submission that is being looked at or graded.

    Attributes:
        submission: whose it is, and for what.
        assignment: what it answers.
        conditions: how it is graded.
        content: hash of what was handed in.
        key: the ledger's.
        regrades: how often it was to be graded anew; in the key.
        was_damaged: whether the ledger's entry under the key cannot be read.
    """

    submission: Submission
    assignment: Assignment
    conditions: Conditions
    content: str
    key: str
    regrades: int = 0
    was_damaged: bool = False


@dataclass(frozen=True)
class Planned:
    """A submission that has to be graded, and the job that does it."""

    work: Work
    job: Job


@dataclass(frozen=True)
class Rules:
    """What all submissions of one assignment share.

    Attributes:
        assignment: as it was released.
        conditions: how it is graded.
        hashes: of all that decides points; first the one under which results are kept, then as an earlier grader
            computed it: results that it kept still count.
        source: the author's notebook.
    """

    assignment: Assignment
    conditions: Conditions
    hashes: tuple[str, ...]
    source: Path

    @cached_property
    def reference(self) -> Reference:
        """The author's solution, read when something has to run; nothing where it cannot be read: it only explains."""
        try:
            return read_reference(read_notebook(self.source.read_bytes()))
        except (OSError, GraderError):
            return ()

    @property
    def has_ladder(self) -> bool:
        """Whether only a clear improvement on the student's own best changes the score."""
        return self.conditions.contest is not None and self.conditions.contest.ladder

    @property
    def answer_key(self) -> AnswerKey | None:
        """The contest's answers; None where the assignment is no contest, or somebody else scores it."""
        return self.conditions.contest.key if self.conditions.contest is not None else None

    @classmethod
    def of(cls, course: Course, slug: str, slots: int, isolated: bool = True) -> Rules:
        """The rules as they are now.

        Raises:
            InvalidAssignment: the assignment was not released.
            InvalidConfig: class.toml is wrong.
        """
        assignment = load_assignment(course.gradebook_url, slug)
        conditions = replace(conditions_of(course, slug, slots=slots), isolated=isolated)
        hashes = rules_hash(assignment, conditions), earlier_rules_hash(assignment, conditions)
        return cls(assignment, conditions, hashes, course.source / slug / f"{slug}.ipynb")


def prepare(
    submission: Submission,
    rules: Rules,
    roster: dict[str, str] | None,
    ledger: Ledger,
    recorder: Recorder,
    regrade: int,
) -> Row | Planned:
    """Find out what a submission needs.

    Args:
        submission: the submission.
        rules: of its assignment.
        roster: names by student id; None where the class has no roster.
        ledger: of the class.
        recorder: records a result that the ledger knows and other places have lost.
        regrade: a number that was not used before has it graded anew.

    Returns:
        The row of a submission that needs no run: unchanged, recorded again, or impossible to grade; else what to run.

    Raises:
        EnvironmentFault: a known result cannot be recorded.
    """
    try:
        if not is_student_name(submission.student):
            raise InvalidConfig(
                _("The folder's name {student!a} is not UTF-8 text.").format(student=submission.student),
                remedy=_("Rename the folder under submitted/."),
            )
        if roster is not None and submission.student not in roster:
            raise InvalidConfig(
                _("{student!r} is not in roster.csv.").format(student=submission.student),
                remedy=_("Add the student there, or rename the folder."),
            )
        handed = submission.read()
        require_contest(rules.conditions)
    except (GraderError, OSError, ValueError, RecursionError) as error:
        return Row(submission.student, submission.slug, GradingStatus.NOT_GRADED, problem=str(error))
    return _planned(submission, handed, rules, ledger, recorder, regrade)


def _planned(
    submission: Submission, handed: Handed, rules: Rules, ledger: Ledger, recorder: Recorder, regrade: int
) -> Row | Planned:
    """A row where the ledger knows the result or the quota is used up, else what has to run."""
    item = work_on(submission, handed, rules, ledger, recorder, regrade)
    known = known_row(item, rules, ledger, recorder)
    if known is not None:
        return known
    content = item.content
    earlier: tuple[bytes, ...] = ()
    if rules.conditions.contest is not None:
        admission = recorder.admit(submission, rules.assignment, content)
        if not admission.is_taken:
            return Row(
                submission.student, submission.slug, GradingStatus.NOT_GRADED, problem=admission.allowance.message
            )
        earlier = recorder.history.earlier_predictions(submission, content) if rules.has_ladder else ()
    job = Job(item.key, *handed, rules.assignment, rules.conditions, earlier=earlier, reference=rules.reference)
    return Planned(item, job)


def work_on(
    submission: Submission, handed: Handed, rules: Rules, ledger: Ledger, recorder: Recorder, regrade: int = 0
) -> Work:
    """The work on a submission, with the key under which the ledger may know it."""
    content = submission_hash(*handed)
    regrade = max(regrade, recorder.regrade_counts.get((submission.student, submission.slug), 0))
    keys = {
        ledger_key(submission.student, content, one, regrade + more): regrade + more
        for more in range(_MAX_FORGOTTEN)
        for one in rules.hashes
    }
    current = ledger.current(submission.slug, submission.student)
    key = current if current in keys else _asked_for(keys, regrade, ledger)
    return Work(submission, rules.assignment, rules.conditions, content, key, keys[key], ledger.is_damaged(key))


def _asked_for(keys: dict[str, int], regrade: int, ledger: Ledger) -> str:
    """The key that is known to the ledger; that of a new result where none is."""
    asked = [key for key, count in keys.items() if count == regrade]
    return next((key for key in asked if ledger.find(key) is not None), asked[0])


def known_row(item: Work, rules: Rules, ledger: Ledger, recorder: Recorder) -> Row | None:
    """Record a result that the ledger has wherever it was lost.

    Returns:
        The submission's row; None where the ledger has no result.

    Raises:
        EnvironmentFault: it cannot be recorded.
    """
    known = ledger.find(item.key)
    if known is None:
        return None
    if recorder.is_recorded(item.submission, known, item.key):
        return _row(item, known, GradingStatus.UNCHANGED)
    if isinstance(known, Graded) and known.report.is_complete and recorder.is_current(item.submission, item.key):
        return _restored(item, known, recorder)
    later = recorder.history.later_result(item.submission, item.content) if rules.has_ladder else None
    later = later or recorder.counted_instead(item.submission, item.key)
    if later is None:
        return finish(item, known, ledger, recorder)
    if recorder.is_recorded(item.submission, later, later.key):
        return _row(item, later, GradingStatus.UNCHANGED)
    return _restored(replace(item, key=later.key), later, recorder)


def _restored(item: Work, result: Graded, recorder: Recorder) -> Row:
    done = recorder.restore(item.submission, item.assignment, item.content, result, item.key, item.regrades)
    row = _row(item, result, GradingStatus.RECORDED)
    return replace(row, lacked=done.lacked, kept_by_hand=done.has_kept)


def finish(item: Work, result: Graded | Problem | Exception, ledger: Ledger, recorder: Recorder) -> Row:
    """Keep a result in the ledger and record it.

    Returns:
        The submission's row.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    if isinstance(result, InvalidSubmission):
        result = Problem(str(result))
    if isinstance(result, Exception):
        text = str(result) if isinstance(result, GraderError) else f"{type(result).__name__}: {result}"
        return Row(item.submission.student, item.submission.slug, GradingStatus.NOT_GRADED, problem=text)
    is_known = ledger.find(item.key) is not None
    if not is_known:
        ledger.keep(item.key, result)
    recorder.record(item.submission, item.assignment, item.content, result, item.key, anew=not is_known)
    row = _row(item, result, GradingStatus.RECORDED if is_known else GradingStatus.GRADED)
    return replace(row, was_damaged=item.was_damaged)


def _row(item: Work, result: Graded | Problem, status: GradingStatus) -> Row:
    student, slug = item.submission.student, item.submission.slug
    if isinstance(result, Problem):
        return Row(student, slug, GradingStatus.NOT_GRADED, problem=result.message)
    problem = "" if result.report.is_complete else _("A test could not be run; see the report.")
    if problem:
        status = GradingStatus.NOT_GRADED
    return Row(student, slug, status, result.report, result.score, problem, remark=item.submission.remark)
