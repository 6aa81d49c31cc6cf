"""Remind students of what they have not handed in, by e-mail or a messenger, through the library `apprise`.

The teacher opts in: `[reminders]` of class.toml names a variable or a file with the addresses of services. These hold
passwords: they are read when something is sent, and stand in no message, log or backup.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from grader.collect.submissions import find_submissions
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.course.roster import ROSTER, Person, read_people
from grader.course.time_settings import RemindersConfig
from grader.errors import EnvironmentFault, InvalidConfig, disk_fault
from grader.language import _, speaking
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
from grader.record.database.late import ExtensionRecord, LateBook, together_with

_COLUMN = re.compile(r"\{([^{}]+)\}")
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


@dataclass(frozen=True)
class Reminder:
    """What one student is told.

    Attributes:
        person: whom.
        title: the subject of an e-mail.
        body: plain text.
    """

    person: Person
    title: str
    body: str


@dataclass(frozen=True)
class Reminded:
    """What became of the reminders; ids of students.

    Attributes:
        sent: who was reached.
        failed: whom a service did not reach.
        without_address: who has no address in the roster that a service takes.
    """

    sent: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    without_address: tuple[str, ...] = ()


def due_reminders(course: Course, slug: str) -> list[Reminder]:
    """What there is to say, and to whom: everybody in the roster who has handed in nothing, alone or in a team.

    Raises:
        InvalidConfig: there is no such assignment or no roster.
    """
    course.require(slug)
    path = course.root / ROSTER
    if not path.is_file():
        raise InvalidConfig(
            _("There is no {path}.").format(path=path),
            remedy=_("Write one: a line `id,name,email`, then one per student."),
        )
    with ClassDatabase.open(course.database_url) as database:
        book = LateBook(database)
        members, extensions = book.members(), book.extensions()
    known = _handed_in(course, [slug])[slug]
    missing = [one for one in read_people(path) if not known & {*together_with(members, one.id, slug)}]
    with speaking(course.config.language):
        return [
            Reminder(person, *_text(course, slug, person, _due(course, slug, person.id, extensions)))
            for person in missing
        ]


def _handed_in(course: Course, slugs: Sequence[str]) -> dict[str, set[str]]:
    """Who has handed in, by assignment; graded or not."""
    found: dict[str, set[str]] = {slug: set() for slug in slugs}
    with ClassDatabase.open(course.database_url) as database:
        for run in LateBook(database).runs():
            found.get(run.assignment, set()).add(run.student_id)
    for submission in find_submissions(course, slugs):
        found[submission.slug].add(submission.student)
    return found


def _due(
    course: Course, slug: str, student: str, extensions: Mapping[tuple[str, str], ExtensionRecord]
) -> datetime | None:
    deadline, extension = course.config.deadline_of(slug), extensions.get((student, slug))
    return deadline if deadline is None or extension is None else max(deadline, extension.until)


def _moment(course: Course, when: datetime) -> str:
    zone, language = ZoneInfo(course.config.timezone), course.config.language
    return format_datetime(when, "d MMMM, HH:mm", tzinfo=zone, locale=language)


def due_by_student(course: Course, students: Sequence[str], now: datetime) -> dict[str, str]:
    """What each of these students may still hand in in time, for a letter: `ResNet: 2 March, 23:59`.

    Args:
        course: the class.
        students: ids.
        now: with a time zone.
    """
    slugs = [slug for slug in course.slugs() if course.config.deadline_of(slug) is not None]
    handed_in = _handed_in(course, slugs)
    with ClassDatabase.open(course.database_url) as database:
        book = LateBook(database)
        members, extensions = book.members(), book.extensions()
    found: dict[str, list[str]] = {student: [] for student in students}
    for slug in slugs:
        for student in students:
            due = _due(course, slug, student, extensions)
            if due is not None and due > now and not handed_in[slug] & {*together_with(members, student, slug)}:
                found[student].append(f"{course.title(slug)}: {_moment(course, due)}")
    return {student: "; ".join(lines) for student, lines in found.items()}


def remind(course: Course, slug: str, author: str, request_id: str | None = None) -> Reminded:
    """Send what there is to say, and leave a line in the log.

    Args:
        course: the class.
        slug: the assignment.
        author: for the log.
        request_id: of the page's request.

    Raises:
        InvalidConfig: class.toml does not say how, the address cannot be read, or there is no roster.
        EnvironmentFault: the library is not installed.
    """
    services = read_services(course)
    found = due_reminders(course, slug)
    sent, failed, without = [], [], []
    for reminder in found:
        addresses = [made for service in services if (made := filled(service, reminder.person))]
        if not addresses:
            without.append(reminder.person.id)
        elif send(addresses, reminder):
            sent.append(reminder.person.id)
        else:
            failed.append(reminder.person.id)
    with ClassDatabase.open(course.database_url) as database:
        detail = f"sent {len(sent)}, failed {len(failed)}, without an address {len(without)}"
        Decisions(database).log(author, "remind", slug, detail, request_id)
    return Reminded(tuple(sent), tuple(failed), tuple(without))


def read_services(course: Course) -> tuple[str, ...]:
    """The addresses of services, with columns of the roster still to be filled in.

    Raises:
        InvalidConfig: class.toml says nothing, nothing is there, or others may read the file.
    """
    config = course.config.reminders
    if config is None:
        raise InvalidConfig(
            _("class.toml does not say how students are reminded."),
            remedy=_(
                'Add: [reminders] with url_env = "GRADER_REMINDERS"; `grader manual` says what the variable holds.'
            ),
        )
    text = os.environ.get(config.url_env, "") if config.url_env else _from_file(course, config)
    lines = tuple(line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    if not lines:
        raise InvalidConfig(
            _("No service is named in {place}.").format(place=config.url_env or config.url_file),
            remedy=_("Put the address of a service there, one a line, as `grader manual` shows."),
        )
    return lines


def filled(service: str, person: Person) -> str:
    """A service's address for one student; empty where the roster lacks a column that it needs.

    A service that needs no column is a place for all, and reminds nobody in particular: it is left out.
    """
    known = {"id": person.id, "name": person.name, **person.others}
    if _EMAIL.fullmatch(person.email):
        known["email"] = person.email
    columns = _COLUMN.findall(service)
    if not columns or not all(known.get(column.lower()) for column in columns):
        return ""
    return _COLUMN.sub(lambda found: quote(known[found[1].lower()], safe="@"), service)


def send(addresses: Sequence[str], reminder: Reminder) -> bool:
    """Send one reminder; whether every service took it.

    Raises:
        EnvironmentFault: the library is not installed.
    """
    try:
        import apprise  # noqa: PLC0415  an extra: only who sends reminders needs it
    except ImportError:
        raise EnvironmentFault(
            _("Reminders need the library apprise, which is not installed."),
            remedy=_("Install it: pip install 'springfield-grader[reminders]'."),
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its lines name addresses
    services = apprise.Apprise()
    if not all(services.add(address) for address in addresses):
        return False
    return bool(services.notify(title=reminder.title, body=reminder.body, body_format=apprise.NotifyFormat.TEXT))


def _text(course: Course, slug: str, person: Person, due: datetime | None) -> tuple[str, str]:
    title, zone = course.title(slug), course.config.timezone
    when = "" if due is None else _moment(course, due)
    subject = _("{title}: due {moment}").format(title=title, moment=when) if when else title
    lines = [_("Hello, {name}!").format(name=person.name or person.id), ""]
    lines.append(_("You have not handed in “{title}” yet.").format(title=title))
    if when:
        lines.append(_("The deadline: {moment} ({zone}).").format(moment=when, zone=zone))
    if course.config.reminders is not None and course.config.reminders.page:
        lines.append(_("Hand in on the class's page: {page}").format(page=course.config.reminders.page))
    return subject, "\n".join([*lines, "", course.config.name])


def _from_file(course: Course, config: RemindersConfig) -> str:
    path = (course.root / Path(config.url_file).expanduser()).resolve()
    if path.is_relative_to(course.root):
        raise InvalidConfig(
            _("{path} lies in the class folder, which is copied and backed up.").format(path=path),
            remedy=_("Move it elsewhere, such as ~/.grader-reminders, and change {config}.").format(config=CONFIG_NAME),
        )
    try:
        if path.stat().st_mode & 0o077:
            raise InvalidConfig(
                _("Others on this machine may read {path}, which holds a password.").format(path=path),
                remedy=_("Close it: chmod 600 {path}").format(path=path),
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidConfig(
            _("There is no {path}.").format(path=path), remedy=_("Make it, or change url_file in class.toml.")
        ) from None
    except UnicodeDecodeError:
        raise InvalidConfig(_("{path} is no UTF-8 text.").format(path=path), remedy=_("Save it as UTF-8.")) from None
    except OSError as error:
        raise disk_fault(error, path, "read") from error
