"""Grade a class: collect, seal, run, examine, score, record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

from filelock import FileLock, Timeout

from grader.assignment import Assignment, load_assignment
from grader.collect import is_student_name, read_roster
from grader.conditions import conditions_of, require_contest, slots_of
from grader.course import Course
from grader.errors import EnvironmentFault, GraderError, InvalidConfig, InvalidSubmission
from grader.jobs import Conditions, Graded, Job
from grader.language import _, speaking
from grader.ledger import Ledger, Problem, ledger_key, rules_hash, submission_hash
from grader.leftovers import sweep_class, sweep_machine
from grader.outcomes import Report
from grader.record import Recorder
from grader.sandbox.devices import Choice, Device, places
from grader.scheduling import Scheduler, Workers
from grader.scoring.contest import AnswerKey, ContestScore
from grader.submissions import Handed, Submission, find_submissions
from grader.tries import next_try, outcome, submit
from grader.upkeep.holdings import Store
from grader.workers import local_workers

_FORGOTTEN = 20  # rejudges that a lost class database may have known of


class Standing(StrEnum):
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
        standing: graded now, recorded again from the ledger, unchanged since an earlier run, or not graded.
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
    standing: Standing
    report: Report | None = None
    score: ContestScore | None = None
    problem: str = ""
    device: str = ""
    remark: str = ""
    lacked: tuple[Store, ...] = ()
    kept_by_hand: bool = False
    was_damaged: bool = False


class Watcher:
    """Hears of the progress; does nothing itself."""

    def started(self, total: int, to_grade: int) -> None:
        """`total` submissions were found, `to_grade` of them have to be graded."""

    def released(self, slug: str) -> None:
        """An assignment was released again: it was graded before, and the gradebook had lost it."""

    def placed(self, student: str, slug: str, device: str) -> None:
        """One submission begins on a device."""

    def finished(self, row: Row) -> None:
        """One submission is done with."""


@dataclass(frozen=True)
class Work:
    """A submission on its way: who, for what, under which rules, with which key, holding how many rejudges."""

    submission: Submission
    assignment: Assignment
    conditions: Conditions
    content: str
    key: str
    number: int = 0
    was_damaged: bool = False


def grade_class(
    course: Course,
    slugs: Sequence[str],
    *,
    students: Sequence[str] = (),
    regrade: int = 0,
    slots: int = 0,
    device: Choice = "auto",
    workers: Workers = local_workers,
    watcher: Watcher | None = None,
    isolated: bool = True,
) -> list[Row]:
    """Grade what was handed in and not graded yet.

    Args:
        course: the class.
        slugs: assignments.
        students: only these; all where empty.
        regrade: a number that was not used before grades everything anew under it.
        slots: submissions at once on processors; 0 takes the class's setting.
        device: `cpu` leaves GPUs alone, `cuda` insists on them, `auto` takes what is there.
        workers: makes the executor for a number of slots.
        watcher: hears of the progress.
        isolated: False runs the notebooks without a sandbox, with this process's own rights: for one's own code alone.

    Returns:
        One row per submission, by assignment and student.

    Raises:
        InvalidConfig: an unknown student, a wrong setting.
        InvalidAssignment: an assignment was not released.
        EnvironmentFault: another `grader grade` is at work, nothing can be written, or there is no GPU as asked for.
    """
    watcher = watcher or Watcher()
    slots = slots or slots_of(course)
    devices = places(device, slots=slots, per_gpu=course.config.per_gpu)
    with only_writer(course), speaking(course.config.language):
        roster = read_roster(course)
        submissions = find_submissions(course, slugs, students)
        for slug in _put_back(course, slugs):
            watcher.released(slug)
        ledger = Ledger(course.ledger)
        with Recorder(course, roster) as recorder:
            rules = {slug: Rules.of(course, slug, slots, isolated) for slug in {s.slug for s in submissions}}
            rows: list[Row] = []
            work: list[Work] = []
            jobs: dict[str, Job] = {}
            for submission in submissions:
                outcome = prepare(submission, rules[submission.slug], roster, ledger, recorder, regrade)
                if isinstance(outcome, Row):
                    rows.append(outcome)
                else:
                    work.append(outcome[0])
                    jobs[outcome[0].key] = outcome[1]
            watcher.started(len(submissions), len(jobs))
            for row in rows:
                watcher.finished(row)
            for item, place, result in _run(work, jobs, devices, workers, watcher):
                row = replace(finish(item, result, ledger, recorder), device=place.name)
                rows.append(row)
                watcher.finished(row)
            for slug, own in rules.items():
                recorder.update_ranges(slug, own.answer_key)
    return sorted(rows, key=lambda row: (slugs.index(row.slug), row.student))


def _put_back(course: Course, slugs: Sequence[str]) -> list[str]:
    from grader.upkeep.definitions import put_back  # noqa: PLC0415  it loads nbgrader's commands, mostly for nothing

    return put_back(course, slugs)


@contextmanager
def only_writer(course: Course) -> Iterator[None]:
    """Hold the class's lock; what killed writers left behind is removed first.

    Raises:
        EnvironmentFault: another process holds it.
    """
    try:
        with FileLock(str(course.root / ".grading.lock"), timeout=0):
            sweep_machine()
            sweep_class(course)
            yield
    except Timeout:
        raise EnvironmentFault(
            f"Another `grader` is writing results in {course.root}.", remedy="Wait until it is done, or stop it."
        ) from None


@dataclass(frozen=True)
class Rules:
    """What all submissions of one assignment share."""

    assignment: Assignment
    conditions: Conditions
    hash: str

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
        return cls(assignment, conditions, rules_hash(assignment, conditions))


def prepare(
    submission: Submission,
    rules: Rules,
    roster: dict[str, str] | None,
    ledger: Ledger,
    recorder: Recorder,
    regrade: int,
) -> Row | tuple[Work, Job]:
    """A row where nothing has to run, else the work and the job."""
    try:
        if not is_student_name(submission.student):
            raise InvalidConfig(
                f"The folder's name {submission.student!a} is not UTF-8 text.",
                remedy="Rename the folder under submitted/.",
            )
        if roster is not None and submission.student not in roster:
            raise InvalidConfig(
                f"{submission.student!r} is not in roster.csv.", remedy="Add the student there, or rename the folder."
            )
        handed = submission.read()
        require_contest(rules.conditions)
    except (GraderError, OSError, ValueError, RecursionError) as error:
        return Row(submission.student, submission.slug, Standing.NOT_GRADED, problem=str(error))
    return _to_grade(submission, handed, rules, ledger, recorder, regrade)


def _to_grade(
    submission: Submission, handed: Handed, rules: Rules, ledger: Ledger, recorder: Recorder, regrade: int
) -> Row | tuple[Work, Job]:
    """A row where the ledger knows the result or the quota is used up, else the work and the job."""
    item = work_on(submission, handed, rules, ledger, recorder, regrade)
    known = known_row(item, rules, ledger, recorder)
    if known is not None:
        return known
    content = item.content
    earlier: tuple[bytes, ...] = ()
    if rules.conditions.contest is not None:
        admission = recorder.admit(submission, rules.assignment, content)
        if not admission.is_taken:
            return Row(submission.student, submission.slug, Standing.NOT_GRADED, problem=admission.allowance.message)
        earlier = recorder.earlier_predictions(submission, content) if rules.has_ladder else ()
    return item, Job(item.key, *handed, rules.assignment, rules.conditions, earlier=earlier)


def work_on(
    submission: Submission, handed: Handed, rules: Rules, ledger: Ledger, recorder: Recorder, regrade: int = 0
) -> Work:
    """The work on a submission, with the key under which the ledger may know it."""
    content = submission_hash(*handed)
    regrade = max(regrade, recorder.rejudges.get((submission.student, submission.slug), 0))
    keys = [ledger_key(submission.student, content, rules.hash, regrade + more) for more in range(_FORGOTTEN)]
    current = ledger.current(submission.slug, submission.student)
    more = keys.index(current) if current in keys else 0
    key = keys[more]
    return Work(submission, rules.assignment, rules.conditions, content, key, regrade + more, ledger.is_damaged(key))


def known_row(item: Work, rules: Rules, ledger: Ledger, recorder: Recorder) -> Row | None:
    """The row of a submission whose result the ledger has, recorded wherever it was lost; None where it has none."""
    known = ledger.find(item.key)
    if known is None:
        return None
    if recorder.is_recorded(item.submission, known, item.key):
        return _row(item, known, Standing.UNCHANGED)
    if isinstance(known, Graded) and known.report.is_complete and recorder.is_current(item.submission, item.key):
        return _restored(item, known, recorder)
    standing = recorder.standing(item.submission, item.content) if rules.has_ladder else None
    if standing is None:
        return finish(item, known, ledger, recorder)
    if recorder.is_recorded(item.submission, standing, standing.key):
        return _row(item, standing, Standing.UNCHANGED)
    return _restored(replace(item, key=standing.key), standing, recorder)


def _restored(item: Work, result: Graded, recorder: Recorder) -> Row:
    done = recorder.restore(item.submission, item.assignment, item.content, result, item.key, item.number)
    row = _row(item, result, Standing.RECORDED)
    return replace(row, lacked=done.lacked, kept_by_hand=done.has_kept)


def _run(
    work: Sequence[Work], jobs: dict[str, Job], devices: Sequence[Device], workers: Workers, watcher: Watcher
) -> Iterator[tuple[Work, Device, Graded | Exception]]:
    """Results as they come."""

    def has_to_run_again(item: Work, future: Future[Graded]) -> bool:
        again = next_try(jobs[item.key], outcome(future))
        jobs[item.key] = again or jobs[item.key]
        return again is not None

    scheduler: Scheduler[Work, Graded] = Scheduler(
        devices,
        workers,
        submit=lambda executor, item, device: submit(executor, jobs[item.key], device),
        wants_gpu=lambda item: item.conditions.gpu,
        placed=lambda item, device: watcher.placed(item.submission.student, item.submission.slug, device.name),
        again=has_to_run_again,
    )
    for placed in scheduler.run(work):
        yield placed.item, placed.device, outcome(placed.future)


def finish(item: Work, result: Graded | Problem | Exception, ledger: Ledger, recorder: Recorder) -> Row:
    """Keep and record a result; the row for it."""
    if isinstance(result, InvalidSubmission):
        result = Problem(str(result))
    if isinstance(result, Exception):
        text = str(result) if isinstance(result, GraderError) else f"{type(result).__name__}: {result}"
        return Row(item.submission.student, item.submission.slug, Standing.NOT_GRADED, problem=text)
    is_known = ledger.find(item.key) is not None
    if not is_known:
        ledger.keep(item.key, result)
    recorder.record(item.submission, item.assignment, item.content, result, item.key, anew=not is_known)
    row = _row(item, result, Standing.RECORDED if is_known else Standing.GRADED)
    return replace(row, was_damaged=item.was_damaged)


def _row(item: Work, result: Graded | Problem, standing: Standing) -> Row:
    student, slug = item.submission.student, item.submission.slug
    if isinstance(result, Problem):
        return Row(student, slug, Standing.NOT_GRADED, problem=result.message)
    problem = "" if result.report.is_complete else _("A test could not be run; see the report.")
    if problem:
        standing = Standing.NOT_GRADED
    return Row(student, slug, standing, result.report, result.score, problem, remark=item.submission.remark)
