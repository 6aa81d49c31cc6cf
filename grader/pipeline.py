"""Grade a class: collect, seal, run, examine, score, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from grader.collect.submissions import find_submissions
from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.fleet.fleet import Fleet, run_all
from grader.fleet.machines import Machines
from grader.fleet.tries import next_try
from grader.fleet.workers import Workers, do, local_workers
from grader.grading.conditions import slots_of
from grader.grading.job import Job
from grader.language import speaking
from grader.record.class_lock import class_lock
from grader.record.database import ClassDatabase
from grader.record.ledger import Ledger
from grader.record.page_rules import publish_rules
from grader.record.planning import Row, Rules, Work, finish, prepare
from grader.record.recorder import Recorder
from grader.sandbox.devices import Choice, Device, places


class ProgressListener:
    """Is called as grading goes on; a subclass shows it, and this one does nothing."""

    def started(self, total: int, to_grade: int) -> None:
        """`total` submissions were found, `to_grade` of them have to be graded."""

    def released(self, slug: str) -> None:
        """An assignment was released again: it was graded before, and the gradebook had lost it."""

    def placed(self, student: str, slug: str, device: str) -> None:
        """One submission begins on a device."""

    def finished(self, row: Row) -> None:
        """One submission is done with."""


def grade_class(
    course: Course,
    slugs: Sequence[str],
    *,
    students: Sequence[str] = (),
    regrade: int = 0,
    slots: int = 0,
    device: Choice = "auto",
    workers: Workers = local_workers,
    listener: ProgressListener | None = None,
    isolated: bool = True,
    machines: Machines | None = None,
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
        listener: is called as grading goes on.
        isolated: False runs the notebooks without a sandbox, with this process's own rights: for one's own code alone.
        machines: other machines that grade; then this one does not.

    Returns:
        One row per submission, by assignment and student.

    Raises:
        InvalidConfig: an unknown student, a wrong setting.
        InvalidAssignment: an assignment was not released.
        EnvironmentFault: another `grader grade` is at work, nothing can be written, or there is no GPU as asked for.
    """
    listener = listener or ProgressListener()
    slots = slots or slots_of(course)
    devices = () if machines else places(device, slots=slots, per_gpu=course.config.per_gpu)
    waits_for_gpu = device == "cuda"
    with class_lock(course), speaking(course.config.language):
        roster = read_roster(course)
        submissions = find_submissions(course, slugs, students)
        for slug in _put_back(course, slugs):
            listener.released(slug)
        ledger = Ledger(course.ledger)
        if any(settings.teams for settings in course.config.assignments.values()):
            with ClassDatabase.open(course.database_url) as database:
                publish_rules(course, database)
        with Recorder(course, roster) as recorder:
            rules = {slug: Rules.of(course, slug, slots, isolated) for slug in {s.slug for s in submissions}}
            rows: list[Row] = []
            work: list[tuple[Work, Job]] = []
            for submission in submissions:
                planned = prepare(submission, rules[submission.slug], roster, ledger, recorder, regrade)
                if isinstance(planned, Row):
                    rows.append(planned)
                else:
                    work.append((planned.work, planned.job))
            listener.started(len(submissions), len(work))
            for row in rows:
                listener.finished(row)
            placed = partial(_placed, listener)
            with Fleet(devices, workers, do, placed=placed, machines=machines, waits_for_gpu=waits_for_gpu) as fleet:
                for done in run_all(fleet, work, next_try):
                    row = replace(finish(done.item, done.result, ledger, recorder), device=done.device.name)
                    rows.append(row)
                    listener.finished(row)
            recorder.settle()
            for slug, own in rules.items():
                recorder.update_ranges(slug, own.answer_key)
    return sorted(rows, key=lambda row: (slugs.index(row.slug), row.student))


def _put_back(course: Course, slugs: Sequence[str]) -> list[str]:
    from grader.record.upkeep.definitions import put_back  # noqa: PLC0415  it loads nbgrader's commands, mostly for nothing

    return put_back(course, slugs)


def _placed(listener: ProgressListener, item: Work, device: Device) -> None:
    listener.placed(item.submission.student, item.submission.slug, device.name)
