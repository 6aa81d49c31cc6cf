"""Send points and comments to Moodle: what is new, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.course.folder import Course
from grader.errors import EnvironmentFault, InvalidConfig
from grader.language import _
from grader.lms.filling import Decided, Line, decide, is_same
from grader.lms.moodle_answers import MoodleAssignment, MoodleUser
from grader.lms.moodle_service import HOPELESS, MoodleRefused, MoodleSite, NewGrade, cmid_of
from grader.lms.moodle_users import ROSTER_TITLES, listed
from grader.lms.notes import Note, NoteKind, Notes
from grader.lms.results import results_of
from grader.lms.sent import Sent, SentGrade

_AT_ONCE = 20  # a class of 300 in 15 requests; one that is refused is asked for again, student by student


@dataclass(frozen=True)
class Addressed:
    """A grade with the name of the person in Moodle whom it is for."""

    name: str
    new: NewGrade
    before: float | None


@dataclass(frozen=True)
class Push:
    """What there is to send.

    Attributes:
        assignment: in Moodle.
        grades: to be sent.
        sent: what was sent earlier.
        notes: what to say beforehand.
        sees_grades: whether the web service shows the grades that are there.
    """

    assignment: MoodleAssignment
    grades: tuple[Addressed, ...]
    sent: Sent
    notes: tuple[Note, ...]
    sees_grades: bool


def plan(course: Course, site: MoodleSite, slug: str, *, scale: bool = False, overwrite: bool = False) -> Push:
    """Find out what there is to send.

    Args:
        course: the class.
        site: Moodle.
        slug: the assignment.
        scale: whether points are converted where Moodle's maximum differs.
        overwrite: whether grades that a person gave in Moodle are replaced too.

    Raises:
        InvalidConfig: nothing was graded, Moodle's maximum differs, or Moodle grades on a scale.
        EnvironmentFault: Moodle refuses or does not answer.
    """
    known = results_of(course, slug)
    cmid = cmid_of(course, slug)
    assignment = site.assignment(cmid)
    if assignment.grade <= 0:
        raise InvalidConfig(
            _("In Moodle, {name} is graded on a scale or not at all, so no points can go there.").format(
                name=assignment.name
            ),
            remedy=_("In its settings in Moodle, choose Grade, Type: Point."),
        )
    users = [user for user in site.users(assignment.course) if user.is_student]
    there = site.grades(assignment.id)
    sent = Sent.load(course, slug, site.url, cmid)
    lines = [_line(user, assignment, there, sent, overwrite=overwrite) for user in users]
    notes = Notes()
    decided = decide(lines, known, ROSTER_TITLES, notes, scale=scale)
    grades = [
        Addressed(lines[at].listed.shown, new, lines[at].grade)
        for at, one in sorted(decided.items())
        if (new := _new_grade(users[at], one, lines[at], sent)) is not None
    ]
    return Push(assignment, tuple(grades), sent, notes.all(), there is not None)


def send(site: MoodleSite, push: Push) -> tuple[int, tuple[Note, ...]]:
    """Send the grades; a student whose grade Moodle refuses costs nobody else theirs.

    Returns:
        How many were sent, and whose were not, with the reason.

    Raises:
        EnvironmentFault: what was sent cannot be remembered.
    """
    notes = Notes()
    sent = push.sent
    count = 0
    waiting = [push.grades[at : at + _AT_ONCE] for at in range(0, len(push.grades), _AT_ONCE)]
    while waiting:
        part = waiting.pop(0)
        try:
            site.save_grades(push.assignment.id, [one.new for one in part])
        except EnvironmentFault as fault:
            if not isinstance(fault, MoodleRefused) or fault.code in HOPELESS:
                _note_failed(notes, [*part, *(one for each in waiting for one in each)], fault)
                break
            if len(part) > 1:
                waiting = [*((one,) for one in part), *waiting]
            else:
                _note_failed(notes, part, fault)
            continue
        sent = sent.with_more({one.new.user: SentGrade.of(one.new.grade, one.new.comment) for one in part})
        count += len(part)
    return count, notes.all()


def _line(
    user: MoodleUser, assignment: MoodleAssignment, there: dict[int, float] | None, sent: Sent, *, overwrite: bool
) -> Line:
    """Who it is and what is there now: what Moodle says, or what was sent where it does not say."""
    ours = sent.grades.get(user.id)
    before = (there or {}).get(user.id) if there is not None else (ours.grade if ours else None)
    is_ours = before is None or (ours is not None and is_same(before, ours.grade))
    return Line(listed(user), before, assignment.grade, is_someone_elses=not (is_ours or overwrite))


def _new_grade(user: MoodleUser, one: Decided, line: Line, sent: Sent) -> NewGrade | None:
    """What to send; None where Moodle has it already."""
    if one.grade is not None:
        return NewGrade(user.id, one.grade, one.result.comment)
    ours = sent.grades.get(user.id)
    if ours is None or line.grade is None:
        return None  # the same grade, from a person: it has their comment
    same = SentGrade.of(ours.grade, one.result.comment)
    return None if same == ours else NewGrade(user.id, ours.grade, one.result.comment)


def _note_failed(notes: Notes, part: Sequence[Addressed], fault: EnvironmentFault) -> None:
    for one in part:
        notes.add(NoteKind.REFUSED, f"{one.name} ({fault.message.rstrip('.')})")
