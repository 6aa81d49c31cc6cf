"""The watcher's loop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from grader.collect.inbox import Inbox, Item, Request, Upload
from grader.collect.submissions import Submission, find_submissions
from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.crashes import in_a_line, write_report
from grader.errors import GraderError, InvalidAssignment, InvalidConfig, InvalidSubmission
from grader.fleet.fleet import Finished, Fleet
from grader.fleet.machines import Machines
from grader.fleet.tries import next_try
from grader.fleet.turns import Turns
from grader.fleet.workers import Workers, do, local_workers
from grader.grading.conditions import slots_of
from grader.grading.job import Graded
from grader.language import speaking
from grader.record.actions import Teacher
from grader.record.class_lock import class_lock
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList
from grader.record.database.decisions import Decisions
from grader.record.ledger import Ledger
from grader.record.page_rules import publish_rules
from grader.record.planning import GradingStatus, Row, Work, finish, prepare
from grader.record.recorder import Recorder
from grader.record.requests import carry_out, carry_out_for_student
from grader.record.upkeep.definitions import put_back
from grader.sandbox.devices import places
from grader.service.watcher.by_hand import HandGrading
from grader.service.watcher.integrity import Integrity
from grader.service.watcher.open_files import OpenFiles
from grader.service.watcher.reminders import ACTION, start_reminding
from grader.service.watcher.rules import CurrentRules, signature
from grader.service.watcher.uploads import Uploads
from grader.show.feedback.making import make_feedback

PAUSE_S = 0.1
_SCAN_S = 2.0
_SHARE = 20  # scanning a large class may take a twentieth of the time, and so may comparing it
_RANGES_S = 0.2  # uploads wait no longer for a comparison that has to read a whole class's predictions first
_LOG = logging.getLogger("grader.watch")
_Place = tuple[str, str]


@dataclass(frozen=True)
class _Item:
    """A submission on its way; `upload` where it came through the page."""

    work: Work
    upload: Upload | None

    @property
    def place(self) -> _Place:
        return self.work.submission.student, self.work.submission.slug


def watch(
    course: Course,
    stop: threading.Event,
    *,
    slots: int = 0,
    workers: Workers = local_workers,
    machines: Machines | None = None,
) -> None:
    """Grade what comes in until `stop` is set.

    Args:
        course: the class.
        stop: ends the loop; what is running is dropped and graded after the next start.
        slots: submissions at once; 0 takes the class's setting.
        workers: makes the executor of one lane.
        machines: other machines that grade; then this one does not.

    Raises:
        EnvironmentFault: another `grader` writes results of this class, or nothing can be written.
    """
    slots = slots or slots_of(course)
    devices = () if machines else places("auto", slots=slots, per_gpu=course.config.per_gpu)
    with (
        class_lock(course),
        ClassDatabase.open(course.database_url) as database,
        Fleet[_Item, Graded](devices, workers, do, is_service=True, machines=machines) as fleet,
    ):
        loop = Loop(course, database, fleet, slots=slots)
        try:
            while not stop.is_set():
                if not loop.step():
                    stop.wait(PAUSE_S)
        finally:
            loop.close()


class Loop:
    """One watcher at work; everything that it remembers can be forgotten and is found again in the files."""

    def __init__(self, course: Course, database: ClassDatabase, fleet: Fleet[_Item, Graded], *, slots: int) -> None:
        self._course = course
        self._database = database
        self._fleet = fleet
        self._ledger = Ledger(course.ledger)
        self._inbox = Inbox(course.inbox)
        self._uploads = Uploads(self._inbox, database)
        self._rules = CurrentRules(slots)
        self._roster = read_roster(course)
        put_back(course, course.slugs())
        self._recorder = Recorder(course, self._roster)
        self._files = OpenFiles(course)
        self._turns = Turns()
        self._seen: dict[_Place, object] = {}
        self._twice_killed: set[_Place] = set()
        self._next_scan = 0.0
        self._to_range: set[str] = set()
        self._next_ranges = 0.0
        self._integrity = Integrity(database, fleet.workers, fleet.beside)
        self._hands = HandGrading(database)
        course.inbox.mkdir(mode=0o700, exist_ok=True)
        self._inbox.sweep()

    def close(self) -> None:
        """Let go of the gradebook."""
        self._recorder.close()

    def _reopen(self) -> None:
        self.close()
        self._recorder = Recorder(self._course, self._roster)

    def look_at_once(self) -> None:
        """Look at `submitted/` with the next step."""
        self._next_scan = 0.0

    def _take_up_files(self) -> None:
        """Where a database was taken away beneath us: open what is there now, and record again what it has lost."""
        if not self._files.are_gone():
            return
        _LOG.warning("Gradebook or class database was replaced: what they have lost is recorded again.")
        self._database.renew()
        for slug in put_back(self._course, self._course.slugs()):
            _LOG.warning("%s is released again: the gradebook had lost it.", slug)
        self._rules.forget()
        self._reopen()
        self._files = OpenFiles(self._course)

    def step(self) -> bool:
        """Do what can be done now; whether anything was."""
        self._take_up_files()
        self._read_settings()
        with speaking(self._course.config.language):
            finished = self._collect_results()
            taken = self._try_again() or self._empty_inbox()
            started = self._scan()
            ranged = self._update_ranges()
            compared = self._integrity.step(self._course.root)
            told = self._hands.step(self._course, self._recorder.answers, self._make_feedback)
        return finished or taken or started or ranged or compared or told

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being graded, and nothing that was is still to be compared."""
        is_comparing = bool(self._to_range) or not self._integrity.is_idle
        return not self._fleet.running and not self._fleet.retries and not is_comparing

    def _read_settings(self) -> None:
        if not self._rules.have_changed(self._course):
            return
        try:
            self._course = Course.open(self._course.root)
            self._roster = read_roster(self._course)
            publish_rules(self._course, self._database)
            self._hands.forget()
        except InvalidConfig as error:
            _LOG.error("%s The earlier settings stay.", error)
        self._reopen()
        self._seen.clear()
        self._next_scan = 0.0
        self._to_range.update(slug for slug in self._course.slugs() if self._course.assignment_config(slug).contest)
        self._warm_up()

    def _warm_up(self) -> None:
        for slug in self._course.slugs():
            try:
                conditions = self._rules.of(self._course, slug).conditions
            except InvalidAssignment:
                continue
            self._fleet.warm_up(conditions)
            return

    def _empty_inbox(self) -> bool:
        done = False
        waiting: list[tuple[str, Upload]] = []
        for item in self._inbox.items():
            with self._on_its_own(partial(self._give_up, item)):
                if isinstance(item, Request):
                    self._carry_out(item)
                    done = True
                elif (student := self._uploads.student_of(item)) is None:
                    done = True
                else:
                    waiting.append((student, item))
        running = [item.work.submission.student for item in self._fleet.running]
        for student, item in self._turns.in_turn(waiting, running):
            with self._on_its_own(partial(self._give_up, item)):
                done = self._take(student, item) or done
        return done

    @contextmanager
    def _on_its_own(self, give_up: Callable[[str], None]) -> Iterator[None]:
        """Keep what goes wrong with one thing from all the others; where not even that can be kept, the loop ends."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  whatever a student has sent, the others' work is graded
            _LOG.error("Something is given up (%s); the report is %s", in_a_line(error), write_report(error))
            self._reopen()  # a session that was interrupted takes nothing more
            give_up(ascii(error))

    def _give_up(self, item: Item, reason: str) -> None:
        if isinstance(item, Upload):
            self._uploads.fail_inside(item, reason)
            return
        decisions = Decisions(self._database)
        if not decisions.is_done(item.id):
            decisions.log("grader", "refused", item.action[:40], reason[:500], item.id)
        self._inbox.remove(item.id)

    def _give_up_place(self, place: _Place, upload: Upload | None, reason: str) -> None:
        self._finish(Row(*place, GradingStatus.NOT_GRADED, problem=reason), upload, "", is_ours=True)
        if upload is None:
            Decisions(self._database).log("grader", "internal", " / ".join(place), reason[:500])

    def _carry_out(self, item: Request) -> None:
        who = AccessList(self._database).identity(item.access_id)
        if who is not None and not Decisions(self._database).is_done(item.id):
            if not who.is_teacher:
                carry_out_for_student(self._database, who, item.action, item.fields, item.id)
            elif item.action == ACTION:
                start_reminding(self._course, who.name, item)
            else:
                carry_out(Teacher(self._course, self._database, who.name, item.id), item.action, item.fields)
                self._next_scan = 0.0
                self._integrity.look_again()
                self._hands.look_again()
        self._inbox.remove(item.id)

    def _take(self, student: str, item: Upload) -> bool:
        """Start an upload if there is room for it; whether anything was done."""
        if self._is_busy((student, item.assignment)) or not self._has_room(item.assignment):
            return False
        submission = self._uploads.prepare(self._course, student, item)
        if submission is not None:
            self._start(submission, item)
        return True

    def _scan(self) -> bool:
        """Start what lies in `submitted/` and was not looked at as it is now."""
        began = time.monotonic()
        if began < self._next_scan:
            return False
        self._recorder.look_again()
        self._settle()
        done, is_whole = False, True
        for submission in find_submissions(self._course, self._course.slugs()):
            place = (submission.student, submission.slug)
            mark = (signature(submission), self._recorder.regrade_counts.get(place, 0))
            if self._is_busy(place) or self._seen.get(place) == mark:
                continue
            if not self._has_room(submission.slug):
                is_whole = False
                continue
            self._seen[place] = mark
            with self._on_its_own(partial(self._give_up_place, place, None)):
                self._start(submission, None)
            done = True
        if is_whole:
            self._next_scan = time.monotonic() + max(_SCAN_S, _SHARE * (time.monotonic() - began))
        return done

    def _settle(self) -> None:
        """Count work again where a teacher has given an extension, on the page or not, or changed the rules."""
        for change in self._recorder.settle_if_due():
            _LOG.info("%s / %s: %s, counted again", change.student, change.assignment, f"{change.after:g}")
            self._make_feedback(change.student, change.assignment)

    def _update_ranges(self) -> bool:
        """Compare the students of a contest in which something was recorded, a moment at a time; whether any was."""
        began = time.monotonic()
        if not self._to_range or began < self._next_ranges:
            return False
        slug = self._to_range.pop()
        try:
            key = self._rules.of(self._course, slug).answer_key
        except GraderError:
            return False  # not released yet, or without a data set: there is nothing to compare
        if not self._recorder.update_ranges(slug, key, _RANGES_S):
            self._to_range.add(slug)
            return True
        self._next_ranges = time.monotonic() + _SHARE * (time.monotonic() - began)
        return True

    def _has_room(self, slug: str) -> bool:
        """Whether a submission could be started now; one that cannot be graded at all takes no room."""
        if self._fleet.retries:
            return False  # the lanes run empty, so that it can be alone
        try:
            return self._fleet.free_lane(self._rules.of(self._course, slug).conditions) is not None
        except GraderError:
            return True

    def _start(self, submission: Submission, upload: Upload | None) -> None:
        place = (submission.student, submission.slug)
        try:
            rules = self._rules.of(self._course, submission.slug)
        except GraderError as error:
            self._finish(Row(*place, GradingStatus.NOT_GRADED, problem=str(error)), upload, "", is_ours=True)
            return
        found = prepare(submission, rules, self._roster, self._ledger, self._recorder, 0)
        if isinstance(found, Row):
            key = self._ledger.current(submission.slug, submission.student)
            self._finish(found, upload, key, is_ours=found.report is None)
            return
        lane = self._fleet.free_lane(found.job.conditions)
        if lane is None:
            raise RuntimeError("no lane is free")  # `_has_room` was asked before
        if upload is not None:
            self._uploads.running(upload)
        self._fleet.start(_Item(found.work, upload), found.job, lane)
        self._turns.taken(submission.student)

    def _try_again(self) -> bool:
        """When nothing else runs, start what has to be tried alone; until then nothing else begins."""
        if not self._fleet.retries or self._fleet.running:
            return False
        item = self._fleet.retries[0]
        with self._on_its_own(partial(self._give_up_place, item.place, item.upload)):
            if item.upload is not None:
                self._uploads.running(item.upload)
            self._fleet.start_retry()
        return True

    def _is_busy(self, place: _Place) -> bool:
        return any(item.place == place for item in (*self._fleet.running, *self._fleet.retries))

    def _collect_results(self) -> bool:
        over = self._fleet.collect()
        for finished in over:
            item = finished.item
            with self._on_its_own(partial(self._give_up_place, item.place, item.upload)):
                self._collect(finished)
        return bool(over)

    def _collect(self, finished: Finished[_Item, Graded]) -> None:
        item, result = finished.item, finished.result
        again = None if item.place in self._twice_killed else next_try(finished.job, result)
        if again is not None:
            reason = result if isinstance(result, Exception) else "its process was killed, by whom is not known"
            _LOG.warning("%s / %s is graded once more, alone: %s", *item.place, reason)
            self._fleet.retry_alone(finished, again)
            if item.upload is not None:
                self._uploads.wait(item.upload)
            return
        if isinstance(result, Graded) and result.is_doubtful:
            # Whoever does it again and again does not stop everybody else each time.
            self._twice_killed.add(item.place)
        row = finish(item.work, result, self._ledger, self._recorder)
        is_ours = isinstance(result, Exception) and not isinstance(result, InvalidSubmission)
        self._finish(row, item.upload, item.work.key, is_ours=is_ours)

    def _finish(self, row: Row, upload: Upload | None, key: str, *, is_ours: bool) -> None:
        if row.score is not None:
            self._to_range.add(row.slug)
        _LOG.info("%s / %s: %s", row.student, row.slug, f"{row.report.points:g}" if row.report else row.problem)
        if upload is not None:
            if row.report is not None:
                self._uploads.scored(upload, key)
            elif is_ours:
                self._uploads.fail_inside(upload, row.problem)
            else:
                self._uploads.fail(upload, row.problem, key)
        if row.report is not None and (upload is not None or row.status is not GradingStatus.UNCHANGED):
            self._make_feedback(row.student, row.slug)
        for student, slug in {*self._recorder.shared} - {(row.student, row.slug)}:
            self._make_feedback(student, slug)
        self._recorder.shared.clear()

    def _make_feedback(self, student: str, slug: str) -> bool:
        """Make the page that the student reads; whether it could be made."""
        try:
            make_feedback(self._course, slug, student)
        except GraderError as error:
            Decisions(self._database).log("grader", "no-feedback", f"{student} / {slug}", str(error)[:500])
            return False
        return True
