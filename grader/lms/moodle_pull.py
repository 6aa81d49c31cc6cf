"""Fetch what was handed in to Moodle into `submitted/`: the latest attempt of everybody who is on the roster."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from grader.collect.submissions import TIMESTAMP, Submission, find_submissions, place
from grader.course.folder import Course
from grader.course.roster import ROSTER, is_student_id
from grader.errors import EnvironmentFault, InvalidConfig
from grader.language import _
from grader.lms.matching import Matching, matching
from grader.lms.moodle_answers import MoodleFile, MoodleSubmission, MoodleUser
from grader.lms.moodle_service import MoodleSite, cmid_of
from grader.lms.moodle_users import ROSTER_TITLES, listed
from grader.lms.notes import Note, NoteKind, Notes
from grader.lms.results import also_called, people_of
from grader.scoring.submission_csv import SUBMISSION_CSV

SUBMITTED = "submitted"
MAX_TOTAL_BYTES = 200 * 2**20  # of one student


@dataclass(frozen=True)
class Pulled:
    """What came from Moodle.

    Attributes:
        students: whose work is new, by id.
        notes: what to say of the others.
    """

    students: tuple[str, ...]
    notes: tuple[Note, ...]


def pull(course: Course, site: MoodleSite, slug: str) -> Pulled:
    """Fetch submissions that are newer than what the class has; each is put in place as a whole.

    Raises:
        InvalidConfig: class.toml does not name the assignment, or there is no roster.
        EnvironmentFault: Moodle refuses or does not answer, or `submitted/` cannot be written.
    """
    assignment = site.assignment(cmid_of(course, slug))
    people = people_of(course)
    if not people:
        raise InvalidConfig(
            _("There is no {roster} with students in it, so nobody knows whose a submission is.").format(roster=ROSTER),
            remedy=_(
                "Make one from Moodle's list: `grader moodle roster {slug} --to {roster}`; look through it."
            ).format(slug=slug, roster=ROSTER),
        )
    users = site.users(assignment.course)
    found = matching([listed(user) for user in users], people, ROSTER_TITLES, also_called(course))
    place_of = {user.id: at for at, user in enumerate(users)}
    here = {submission.student: submission for submission in find_submissions(course, [slug])}
    notes = Notes()
    taken = []
    for submission in site.submissions(assignment.id):
        if submission.status == "new":
            continue  # opened, and nothing handed in
        name, student = _whose(submission, users, place_of.get(submission.userid), found, notes)
        if student and _fetch(course, site, slug, submission, here.get(student), (name, student), notes):
            taken.append(student)
    return Pulled(tuple(sorted(taken)), notes.all())


def _whose(
    submission: MoodleSubmission, users: Sequence[MoodleUser], at: int | None, found: Matching, notes: Notes
) -> tuple[str, str]:
    """The person's name in Moodle, and the student's id; empty where it is not to be taken, which is noted."""
    if not submission.userid:
        notes.add(NoteKind.GROUP, str(submission.groupid))
        return "", ""
    name = f"{users[at].fullname} ({users[at].id})" if at is not None else str(submission.userid)
    student = found.student_of.get(at, "") if at is not None else ""
    if not student or not is_student_id(student):
        notes.add(NoteKind.DOUBTFUL if at in found.doubtful else NoteKind.NOT_ON_ROSTER, name)
        return name, ""
    if submission.status != SUBMITTED:
        notes.add(NoteKind.DRAFT, name)
        return name, ""
    return name, student


def _fetch(
    course: Course,
    site: MoodleSite,
    slug: str,
    submission: MoodleSubmission,
    here: Submission | None,
    who: tuple[str, str],
    notes: Notes,
) -> bool:
    """Fetch one submission; whether it is new."""
    name, student = who
    received = datetime.fromtimestamp(submission.timemodified, UTC)
    if here is not None and (here.folder / TIMESTAMP).is_file() and here.received_at >= received:
        notes.add(NoteKind.UNCHANGED_HERE if here.received_at == received else NoteKind.NEWER_HERE, name)
        return False
    files = chosen(submission.files, slug, course.assignment_config(slug).source)
    if not files:
        there = ", ".join(one.filename for one in submission.files[:5]) or _("nothing")
        notes.add(NoteKind.NO_NOTEBOOK, f"{name}: {there}")
        return False
    if sum(one.filesize for one in files.values()) > MAX_TOTAL_BYTES:
        notes.add(NoteKind.TOO_LARGE, name)
        return False
    try:
        data = {path: site.download(one) for path, one in files.items()}
    except EnvironmentFault as fault:
        notes.add(NoteKind.NOT_FETCHED, f"{name} ({fault.message.rstrip('.')})")
        return False
    place(course, student, slug, data, received)
    return True


def chosen(files: Sequence[MoodleFile], slug: str, source: str) -> dict[str, MoodleFile]:
    """The files to fetch by the name that they get: the notebook, or the predictions, with what lies beside it.

    Of several notebooks the one of the assignment's name is taken, else the newest; the others stay in Moodle.
    """
    ending, target = (r"\.csv", SUBMISSION_CSV) if source == "csv" else (r"\.ipynb(\.(json|txt))?", f"{slug}.ipynb")
    fitting = [one for one in files if re.search(rf"{ending}$", one.filename, re.IGNORECASE)]
    if not fitting:
        return {}
    best = max(fitting, key=lambda one: (one.filename == target, one.timemodified))
    beside = {one.filename: one for one in files if one not in fitting and _is_plain(one.filename)}
    return {**beside, target: best}


def _is_plain(name: str) -> bool:
    """Whether a name is one of a file in this folder, and none of ours."""
    return PurePath(name).name == name and not name.startswith(".") and name != TIMESTAMP
