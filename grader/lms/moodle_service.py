"""Moodle's web service: the six functions that grading needs, each with what it answers.

The token comes from the environment or a file, travels in the body of POST requests alone, and stands in no message.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import TypeAdapter, ValidationError

from grader.course.config import MoodleConfig
from grader.course.folder import Course
from grader.errors import EnvironmentFault, InvalidConfig
from grader.files import read_given
from grader.language import _
from grader.lms.moodle_answers import (
    Courses,
    Grades,
    MoodleAssignment,
    MoodleFile,
    MoodleSubmission,
    MoodleUser,
    Submissions,
)
from grader.lms.transport import Transport
from grader.printable import printable

TOKEN = "MOODLE_TOKEN"  # noqa: S105  a variable's name
NO_ACCESS = ("accessexception", "nopermissions", "webservice_access_exception", "invalidrecord")
HOPELESS = ("invalidtoken", "accessexception", "sitemaintenance")
"""Codes of refusals that every further question would meet too."""
MAX_ANSWER_BYTES = 64 * 2**20
MAX_FILE_BYTES = 100 * 2**20
_T = TypeVar("_T")


class MoodleRefused(EnvironmentFault):
    """Moodle has answered with an exception of its own; `code` is its `errorcode`."""

    code = ""


@dataclass(frozen=True)
class NewGrade:
    """A grade to be saved: the comment is HTML."""

    user: int
    grade: float
    comment: str


@dataclass(frozen=True)
class MoodleSite:
    """A Moodle that answers whoever has the token.

    Attributes:
        url: without a slash at its end.
        token: of a web service; never shown.
        transport: how to ask.
    """

    url: str
    token: str = field(repr=False)
    transport: Transport = field(default_factory=Transport)

    def assignment(self, cmid: int) -> MoodleAssignment:
        """The assignment with this number in the address of its page.

        Raises:
            EnvironmentFault: the token's owner sees no such assignment, or Moodle does not answer.
        """
        courses = self._ask(Courses, "mod_assign_get_assignments", {}).courses
        seen = [one for course in courses for one in course.assignments]
        found = next((one for one in seen if one.cmid == cmid), None)
        if found is None:
            names = ", ".join(f"{one.cmid} ({printable(one.name, 60)})" for one in seen[:20]) or _("none")
            raise EnvironmentFault(
                _("The token's owner sees no assignment {cmid} in Moodle; seen: {names}.").format(
                    cmid=cmid, names=names
                ),
                remedy=_("Take the number from the address of the assignment's page: mod/assign/view.php?id=NUMBER."),
            )
        return found

    def users(self, course: int) -> tuple[MoodleUser, ...]:
        """Everybody in a course.

        Raises:
            EnvironmentFault: Moodle refuses or does not answer.
        """
        return self._ask(tuple[MoodleUser, ...], "core_enrol_get_enrolled_users", {"courseid": course})

    def submissions(self, assignment: int) -> tuple[MoodleSubmission, ...]:
        """The latest attempt of everybody.

        Raises:
            EnvironmentFault: Moodle refuses or does not answer.
        """
        found = self._ask(Submissions, "mod_assign_get_submissions", {"assignmentids": [assignment]})
        return tuple(one for each in found.assignments for one in each.submissions)

    def grades(self, assignment: int) -> dict[int, float] | None:
        """Grades that are there, by user; None where the web service does not offer this function.

        Raises:
            EnvironmentFault: Moodle does not answer.
        """
        try:
            found = self._ask(Grades, "mod_assign_get_grades", {"assignmentids": [assignment]})
        except MoodleRefused as refused:
            if refused.code in NO_ACCESS:
                return None
            raise
        grades = sorted((one for each in found.assignments for one in each.grades), key=lambda one: one.attemptnumber)
        latest = {one.userid: one.grade for one in grades}
        return {user: grade for user, grade in latest.items() if grade >= 0}  # -1: opened, and not graded

    def save_grades(self, assignment: int, grades: Sequence[NewGrade]) -> None:
        """Save grades and comments for the latest attempts; what is there is replaced.

        Raises:
            MoodleRefused: at one of them; those before it may have been saved.
            EnvironmentFault: Moodle does not answer.
        """
        plain = [
            {
                "userid": one.user,
                "grade": one.grade,
                "attemptnumber": -1,
                "addattempt": 0,
                "workflowstate": "",
                "plugindata": {"assignfeedbackcomments_editor": {"text": one.comment, "format": 1}},
            }
            for one in grades
        ]
        self._ask(object, "mod_assign_save_grades", {"assignmentid": assignment, "applytoall": 0, "grades": plain})

    def download(self, file: MoodleFile) -> bytes:
        """A file that was handed in.

        Raises:
            EnvironmentFault: it lies on another site, to which the token is not sent, or Moodle does not send it.
        """
        here = urlsplit(self.url)
        try:
            there = urlsplit(file.fileurl)
        except ValueError:
            there = urlsplit("")  # no address at all: on no site of ours
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise EnvironmentFault(
                _("The file {name} lies on another site, {site}.").format(
                    name=printable(file.filename, 100),
                    site=printable(f"{there.scheme}://{there.netloc.rpartition('@')[2]}", 100),
                ),
                remedy=_(
                    "Put the site's address into `url` below [moodle] in class.toml as the site itself writes it."
                ),
            )
        address = there._replace(path=quote(there.path, safe="/%"), query="", fragment="").geturl()
        data = self.transport.post(address, {"token": self.token}, MAX_FILE_BYTES)
        if file.filesize and len(data) != file.filesize:  # an exception comes as JSON in the place of the file
            self._require_no_exception(_json(data), "pluginfile.php")
            raise EnvironmentFault(
                _("{name} came with {found} bytes instead of {expected}.").format(
                    name=printable(file.filename, 100), found=len(data), expected=file.filesize
                ),
                remedy=_("Run the same command again."),
            )
        return data

    def _ask(self, kind: type[_T], function: str, arguments: Mapping[str, object]) -> _T:
        fields = {"wstoken": self.token, "wsfunction": function, "moodlewsrestformat": "json"}
        fields |= dict(flattened(arguments))
        data = self.transport.post(f"{self.url}/webservice/rest/server.php", fields, MAX_ANSWER_BYTES)
        plain = _json(data)
        self._require_no_exception(plain, function)
        try:
            return TypeAdapter(kind).validate_python(plain)
        except ValidationError:
            raise EnvironmentFault(
                _("{url} answers {function} in a form that is not Moodle's.").format(url=self.url, function=function),
                remedy=_(
                    "Check `url` below [moodle] in class.toml: it is what stands before /mod/assign/ or /course/."
                ),
            ) from None

    def _require_no_exception(self, plain: object, function: str) -> None:
        if not isinstance(plain, dict) or not {"exception", "errorcode"} & set(plain):
            return
        code = printable(plain.get("errorcode"), 100)
        said = printable(plain.get("message") or plain.get("error"), 300).replace(self.token, "***").rstrip(".")
        if code == "invalidtoken":
            remedy = _("Ask the site's administrator for a token of a web service, or make one in your profile.")
        elif code in NO_ACCESS:
            remedy = _("Ask the site's administrator to add {function} to the token's web service.")
        else:
            remedy = _("If the message does not help, show it to the site's administrator.")
        refused = MoodleRefused(
            _("Moodle refuses {function}: {said} ({code}).").format(function=function, said=said, code=code),
            remedy=remedy.format(function=function),
        )
        refused.code = code
        raise refused


def open_site(course: Course, transport: Transport | None = None) -> MoodleSite:
    """The site that class.toml names, with the token from `MOODLE_TOKEN` or the file `token_file`.

    Raises:
        InvalidConfig: class.toml names no site, or there is no token.
    """
    config = settings(course)
    token = os.environ.get(TOKEN, "").strip() or _from_file(course, config)
    if not re.fullmatch(r"[A-Za-z0-9]{8,128}", token):
        raise InvalidConfig(
            _("There is no token for Moodle's web service, or it is none: letters and digits are expected."),
            remedy=_(
                "Put it into the variable MOODLE_TOKEN, or into a file for you alone that `token_file` below [moodle] "
                "names."
            ),
        )
    return MoodleSite(config.url, token, transport or Transport())


def settings(course: Course) -> MoodleConfig:
    """What class.toml says of Moodle.

    Raises:
        InvalidConfig: nothing.
    """
    if course.config.moodle is None:
        raise InvalidConfig(
            _("class.toml names no Moodle."),
            remedy=_(
                'Add: [moodle] with url = "https://..." and assignments = {{ resnet = 123 }}, the number in {page}.'
            ).format(page="mod/assign/view.php?id=123"),
        )
    return course.config.moodle


def cmid_of(course: Course, slug: str) -> int:
    """The number of an assignment's page in Moodle.

    Raises:
        InvalidConfig: class.toml does not name it.
    """
    course.require(slug)
    known = settings(course).assignments
    if slug not in known:
        raise InvalidConfig(
            _("class.toml does not say which assignment of Moodle's {slug} is.").format(slug=slug),
            remedy=_(
                "Add it to `assignments` below [moodle]: {slug} = NUMBER, from mod/assign/view.php?id=NUMBER."
            ).format(slug=slug),
        )
    return known[slug]


def flattened(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as fields of a form, as PHP reads them: `grades[0][userid]`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flattened(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            yield from flattened(inner, f"{name}[{at}]")
    else:
        yield name, str(int(value)) if isinstance(value, bool) else str(value)


def readable_token_file(course: Course) -> Path | None:
    """The token's file, if others on this machine may read it."""
    path = _token_file(course, settings(course))
    is_used = path is not None and path.is_file() and not os.environ.get(TOKEN)
    return path if path is not None and is_used and path.stat().st_mode & 0o077 else None


def _token_file(course: Course, config: MoodleConfig) -> Path | None:
    return course.root / Path(config.token_file).expanduser() if config.token_file else None


def _from_file(course: Course, config: MoodleConfig) -> str:
    path = _token_file(course, config)
    if path is None:
        return ""
    return read_given(path).decode("ascii", "replace").strip()


def _json(data: bytes) -> object:
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError):
        return ""  # which is no answer of any function
    return found
