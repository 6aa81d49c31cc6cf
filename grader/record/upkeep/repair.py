"""Repair a class from what remains. The ledger is what everything else can be made from; nothing is deleted.

A damaged database is moved aside, assignments are released again, results are recorded again, damaged ledger entries
are moved aside. No notebook is run: what has to be graded anew is left to `grader grade`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.collect.submissions import find_submissions
from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.errors import EnvironmentFault, GraderError
from grader.grading.conditions import slots_of
from grader.language import _, speaking
from grader.record.class_lock import class_lock
from grader.record.ledger import Ledger
from grader.record.planning import GradingStatus, Row, Rules, known_row, work_on
from grader.record.recorder import Recorder
from grader.record.upkeep.definitions import put_back
from grader.record.upkeep.losses import damage_of, databases


@dataclass(frozen=True)
class Repaired:
    """What `repair` has done.

    Attributes:
        moved: damaged databases, under their new names.
        released: assignments that the gradebook had forgotten.
        rows: submissions whose results were recorded again.
        to_grade: (student, assignment) pairs whose results are lost: `grader grade` grades them anew.
        entries: keys of damaged ledger entries that were moved aside.
    """

    moved: tuple[Path, ...]
    released: tuple[str, ...]
    rows: tuple[Row, ...]
    to_grade: tuple[tuple[str, str], ...]
    entries: tuple[str, ...]


def repair(course: Course) -> Repaired:
    """Put right what can be.

    Raises:
        EnvironmentFault: another `grader` is at work, or nothing can be written.
        InvalidAssignment: an assignment cannot be released again.
    """
    with class_lock(course), speaking(course.config.language):
        moved = tuple(_move_aside(path) for _store, path in databases(course) if damage_of(path))
        released = tuple(put_back(course, course.slugs()))
        ledger = Ledger(course.ledger)
        entries = tuple(ledger.damaged())
        for key in entries:
            ledger.set_aside(key)
        rows, to_grade = _record_again(course, ledger)
    return Repaired(moved, released, tuple(rows), tuple(to_grade), entries)


def _move_aside(path: Path) -> Path:
    """Rename a database and what belongs to it, so that a new one is made; the old one may be of use to a person."""
    name = f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    try:
        for ending in ("-wal", "-shm", "-journal"):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                beside.rename(path.with_name(name + ending))
        return path.rename(path.with_name(name))
    except OSError as error:
        raise EnvironmentFault(
            _("{path} cannot be moved aside: {strerror}.").format(path=path, strerror=error.strerror),
            remedy=_("Check the rights."),
        ) from error


def _record_again(course: Course, ledger: Ledger) -> tuple[list[Row], list[tuple[str, str]]]:
    roster = read_roster(course)
    rules: dict[str, Rules] = {}
    rows: list[Row] = []
    to_grade: list[tuple[str, str]] = []
    with Recorder(course, roster) as recorder:
        for submission in find_submissions(course, course.slugs()):
            slug, student = submission.slug, submission.student
            try:
                rules[slug] = rules.get(slug) or Rules.of(course, slug, slots_of(course))
                item = work_on(submission, submission.read(), rules[slug], ledger, recorder)
                row = known_row(item, rules[slug], ledger, recorder)
            except EnvironmentFault:
                raise
            except (GraderError, OSError, ValueError, RecursionError):
                continue  # cannot be graded as it is: `grader grade` says why
            if row is None and ledger.current(slug, student):
                to_grade.append((student, slug))
            elif row is not None and row.status is GradingStatus.RECORDED:
                rows.append(row)
    return rows, to_grade
