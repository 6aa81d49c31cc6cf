"""What a teacher can do beside grading: the same whether the command line asks for it or the page does.

Every action checks its own input, changes class.toml or the class database, and leaves a line in the log.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import tomlkit

from grader.course.config import read_deadline
from grader.course.folder import Course, meant
from grader.course.roster import is_student_id, read_roster
from grader.course.settings_file import change_setting
from grader.errors import InvalidConfig
from grader.language import _
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList
from grader.record.database.decisions import Decisions
from grader.record.database.integrity import IntegrityReports
from grader.record.database.late import ExtensionRecord, LateBook, together_with

MAX_TEXT = 500
_MAX_PER_DAY = 1000
_MAX_IN_TOTAL = 100_000


@dataclass(frozen=True)
class Teacher:
    """Who acts on a class.

    Attributes:
        course: the class.
        database: its database, open.
        name: for the log.
        request_id: of the page's request, so that it is carried out once.
    """

    course: Course
    database: ClassDatabase
    name: str
    request_id: str | None = None

    def log(self, action: str, subject: str, detail: str) -> None:
        """Add a line to the log."""
        Decisions(self.database).log(self.name, action, subject, detail, self.request_id)


def override(teacher: Teacher, student: str, assignment: str, points: float, reason: str) -> None:
    """Set a student's grade by hand; it counts instead of the gradebook's until it is dropped.

    Raises:
        InvalidConfig: no such student or assignment, no reason, or points that cannot be.
    """
    most = _known_assignment(teacher, assignment)
    _known_student(teacher, student)
    if not math.isfinite(points) or not 0 <= points <= most:
        raise InvalidConfig(
            _("{points:g} points are not from 0 to {most:g}.").format(points=points, most=most),
            remedy=_("Check the number."),
        )
    if not reason.strip():
        raise InvalidConfig(_("An override has no reason."), remedy=_("Say why, so that the grade can be defended."))
    Decisions(teacher.database).override(student, assignment, points, reason.strip()[:MAX_TEXT], teacher.name)
    teacher.log("override", f"{student} / {assignment}", f"{points:g}: {reason.strip()[:MAX_TEXT]}")


def drop_override(teacher: Teacher, student: str, assignment: str) -> None:
    """Let the gradebook's grade count again.

    Raises:
        InvalidConfig: there is no override.
    """
    if not Decisions(teacher.database).drop_override(student, assignment):
        raise InvalidConfig(
            _("{student} has no override for {assignment!r}.").format(student=student, assignment=assignment),
            remedy=_("Check the names."),
        )
    teacher.log("drop-override", f"{student} / {assignment}", "")


def regrade(teacher: Teacher, student: str, assignment: str) -> None:
    """Have a student's submission graded anew; the old result stands until the new one is there.

    Raises:
        InvalidConfig: no such student or assignment.
    """
    _known_assignment(teacher, assignment)
    _known_student(teacher, student)
    number = Decisions(teacher.database).add_regrade(student, assignment)
    teacher.log("rejudge", f"{student} / {assignment}", f"no. {number}")


def regrade_all(teacher: Teacher, assignment: str) -> None:
    """Have every submission of an assignment graded anew; the old results stand until the new ones are there.

    Raises:
        InvalidConfig: no such assignment.
    """
    _known_assignment(teacher, assignment)
    students = sorted({report.student_id for report in teacher.database.reports(assignment=assignment)})
    for student in students:
        Decisions(teacher.database).add_regrade(student, assignment)
    teacher.log("rejudge", assignment, f"{len(students)}")


def invite(teacher: Teacher, student: str, name: str, token_sha256: str | None, email: str = "") -> None:
    """Let a student in by a link's hash or an address; an earlier link ends.

    Raises:
        InvalidConfig: the id cannot be a folder's name, or the roster does not have it.
    """
    if not is_student_id(student):
        raise InvalidConfig(
            _("{student!a} cannot be a student's id.").format(student=student),
            remedy=_("Letters, digits, `_`, `.`, `@`, `-`, at most 64."),
        )
    roster = read_roster(teacher.course)
    if roster is not None and student not in roster:
        raise InvalidConfig(
            _("{student!r} is not in roster.csv.").format(student=student),
            remedy=meant(student, roster, _("Add the student there.")),
        )
    access = AccessList(teacher.database)
    if token_sha256 is None and not email:
        raise InvalidConfig(_("An invitation needs a link or an address."), remedy=_("Give one of them."))
    is_repeated = token_sha256 is not None and access.knows(token_sha256)
    ended = (
        False if is_repeated else (access.invite_student(student, name, token_sha256=token_sha256, email=email or None))
    )
    teacher.log("invite", student, "the earlier link ended" if ended else "")


def invite_teacher(teacher: Teacher, name: str, token_sha256: str | None, email: str = "") -> None:
    """Let a teacher in by a link's hash or an address."""
    AccessList(teacher.database).invite_teacher(name, token_sha256=token_sha256, email=email or None)
    teacher.log("invite-teacher", name, "")


def revoke(teacher: Teacher, student: str) -> None:
    """End every way in of a student.

    Raises:
        InvalidConfig: there is none.
    """
    if AccessList(teacher.database).revoke(student_id=student) == 0:
        known = [line.student_id for line in AccessList(teacher.database).every() if line.student_id]
        raise InvalidConfig(
            _("{student!r} has no link that works.").format(student=student),
            remedy=meant(student, () if student in known else known, _("See `grader access`.")),
        )
    teacher.log("revoke", student, "")


def set_deadline(teacher: Teacher, assignment: str, when: str) -> None:
    """Set an assignment's deadline in class.toml; empty text takes it away.

    Args:
        teacher: who acts.
        assignment: slug.
        when: `2026-12-01T23:59`, in the class's time zone unless it names another; a date is the end of that day.

    Raises:
        InvalidConfig: no such assignment, or no date.
    """
    _known_assignment(teacher, assignment)
    value: datetime | None = None
    if when.strip():
        value = _moment(teacher, when).astimezone(ZoneInfo(teacher.course.config.timezone)).replace(tzinfo=None)
    change_setting(teacher.course.root, ("assignments", assignment), "deadline", value)
    teacher.log("deadline", assignment, when.strip())


def _moment(teacher: Teacher, when: str) -> datetime:
    """A moment as people write it, in UTC.

    Raises:
        InvalidConfig: it is none.
    """
    try:
        value = read_deadline(when)
    except ValueError as error:
        raise InvalidConfig(
            _("{when!r} is no deadline: {error}.").format(when=when, error=error),
            remedy=_("Write it like 2026-12-01T23:59, or 2026-12-01 for the end of that day."),
        ) from None
    return value.replace(tzinfo=value.tzinfo or ZoneInfo(teacher.course.config.timezone)).astimezone(UTC)


def extend(teacher: Teacher, students: Sequence[str], assignment: str, until: str, reason: str) -> list[str]:
    """Give students more time for an assignment; nothing is graded for that, points are counted again.

    Args:
        teacher: who acts.
        students: ids, or names of teams; everybody in a student's team gets the extension too.
        assignment: slug.
        until: as for `set_deadline`; empty text takes extensions back.
        reason: the students read it.

    Returns:
        Whose deadline it is now.

    Raises:
        InvalidConfig: no such student or assignment, no deadline that could be moved, an earlier moment, no reason;
            nothing was changed.
    """
    _known_assignment(teacher, assignment)
    book = LateBook(teacher.database)
    together = sorted({one for named in students for one in _together(teacher, book, named, assignment)})
    if until.strip():
        moment = _later(teacher, assignment, until)
        if not reason.strip():
            raise InvalidConfig(_("An extension has no reason."), remedy=_("Say why; the student reads it."))
        text = reason.strip()[:MAX_TEXT]
        detail = f"{moment.astimezone(ZoneInfo(teacher.course.config.timezone)):%Y-%m-%dT%H:%M}: {text}"
        for one in together:
            book.extend(ExtensionRecord(one, assignment, moment, text, teacher.name, datetime.now(UTC)))
    else:
        together = [one for one in together if book.drop_extension(one, assignment)]
        if not together:
            raise InvalidConfig(
                _("{student} has no extension for {assignment!r}.").format(
                    student=", ".join(students), assignment=assignment
                ),
                remedy=_("Check the names."),
            )
        detail = ""
    for one in together:  # a request is done with the last line
        request = teacher.request_id if one == together[-1] else None
        Decisions(teacher.database).log(teacher.name, "extend", f"{one} / {assignment}", detail, request)
    return together


def _later(teacher: Teacher, assignment: str, until: str) -> datetime:
    """A moment behind the assignment's deadline.

    Raises:
        InvalidConfig: there is no deadline, or the moment is none or an earlier one.
    """
    deadline = teacher.course.config.deadline_of(assignment)
    if deadline is None:
        raise InvalidConfig(
            _("{assignment} has no deadline, so nobody is late.").format(assignment=assignment),
            remedy=_("Set one first: `grader deadline {assignment} 2026-12-01T23:59`.").format(assignment=assignment),
        )
    moment = _moment(teacher, until)
    if moment <= deadline:
        local = deadline.astimezone(ZoneInfo(teacher.course.config.timezone))
        raise InvalidConfig(
            _("{until} is not after the deadline, {deadline}.").format(until=until, deadline=f"{local:%Y-%m-%dT%H:%M}"),
            remedy=_("Name a later moment; an extension never makes a deadline earlier."),
        )
    return moment


def _together(teacher: Teacher, book: LateBook, named: str, assignment: str) -> list[str]:
    """A student, or whoever hands this assignment in together: of a student's team, or of a team by its name.

    Raises:
        InvalidConfig: neither roster nor class database has the student.
    """
    members = {student: one for (student, slug), one in book.members().items() if slug == assignment}
    roster = read_roster(teacher.course) or {}
    if named not in roster and (team := [student for student, one in members.items() if one.team == named]):
        return team
    if named in roster:  # a student who has handed in nothing yet
        teacher.database.ensure_student(named, roster[named] or None)
    _known_student(teacher, named)
    return together_with(book.members(), named, assignment)


def set_quota(teacher: Teacher, per_day: int, in_total: int) -> None:
    """Set in class.toml how much a student may hand in to the contest; 0 is no limit.

    Raises:
        InvalidConfig: a number is negative or too large.
    """
    if not (0 <= per_day <= _MAX_PER_DAY and 0 <= in_total <= _MAX_IN_TOTAL):
        raise InvalidConfig(
            _("A quota is from 0 (no limit) to {max_per_day} a day and {max_in_total} in total.").format(
                max_per_day=_MAX_PER_DAY, max_in_total=_MAX_IN_TOTAL
            ),
            remedy=_("Check the numbers."),
        )
    value = tomlkit.inline_table()
    value.update({"per_day": per_day, "in_total": in_total})
    before = teacher.course.config.contest.quota
    value.update({"invalid_per_day": before.invalid_per_day, "mib_per_day": before.mib_per_day})
    change_setting(teacher.course.root, ("contest",), "quota", value)
    teacher.log("quota", "contest", f"{per_day} a day, {in_total} in total")


def ask_integrity(teacher: Teacher, assignment: str) -> None:
    """Have the students of an assignment compared anew; the watcher does that beside its grading.

    Raises:
        InvalidConfig: no such assignment.
    """
    _known_assignment(teacher, assignment)
    IntegrityReports(teacher.database).ask(assignment)
    teacher.log("integrity", assignment, "")


def _known_assignment(teacher: Teacher, slug: str) -> float:
    """The most points that the assignment gives.

    Raises:
        InvalidConfig: there is no such assignment, with the name that may have been meant, or it was not released.
    """
    most = teacher.database.max_points(slug)
    if most is None:
        teacher.course.require(slug)
        raise InvalidConfig(
            _("There is no assignment {slug!r} in the class.").format(slug=slug), remedy=_("Release it first.")
        )
    return most


def _known_student(teacher: Teacher, student: str) -> None:
    if not teacher.database.has_student(student):
        raise InvalidConfig(
            _("There is no student {student!r} in the class.").format(student=student),
            remedy=meant(student, teacher.database.students(), _("Check the id.")),
        )
