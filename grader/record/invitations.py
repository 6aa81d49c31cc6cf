"""Personal links for a class: drawn here, shown once, kept as hashes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.course.folder import Course
from grader.course.roster import ROSTER, Person, add_people, is_student_id, read_people
from grader.errors import InvalidConfig
from grader.language import _
from grader.record import actions
from grader.record.actions import Teacher
from grader.record.database.access import AccessList, hashed, link_to, new_token
from grader.record.ledger import Ledger

_SHOWN = 10


@dataclass(frozen=True)
class Link:
    """A personal link. Whoever has it is taken for this person."""

    id: str
    name: str
    link: str
    email: str = ""


@dataclass(frozen=True)
class Invited:
    """Whom an invitation let in, and what else it did.

    Attributes:
        links: the new ones.
        added: ids that `roster.csv` did not have, and has now.
        has_roster: whether the class has a `roster.csv`; a list from elsewhere does not become it.
    """

    links: tuple[Link, ...]
    added: tuple[str, ...] = ()
    has_roster: bool = True


def invite_all(teacher: Teacher, roster: Path | None, url: str, *, again: bool, gone: Collection[str] = ()) -> Invited:
    """Invite everybody on a list who has no link yet.

    `roster.csv` says whose work is graded at all. A list from elsewhere may hold a part of the class: it does not
    become the roster, and where there is one, those whom it lacks are added to it.

    Args:
        teacher: who invites.
        roster: a list, CSV with the columns `id` and, if wanted, `name` and `email`; None takes the class's.
        url: where the page is reached.
        again: whether those who have a link get a new one, which ends the old one.
        gone: graded students who have left the class, so that the roster may lack them.

    Raises:
        InvalidConfig: there is no roster, it has no column `id` or an id that cannot be one, or `roster.csv` lacks
            students who were graded, so that they would be locked out. Nothing was changed.
        EnvironmentFault: `roster.csv` cannot be written.
    """
    own = teacher.course.root / ROSTER
    path = roster or own
    if not path.is_file():
        raise InvalidConfig(
            _("There is no {path}.").format(path=path),
            remedy=_("Write one: a line `id,name,email`, then one per student."),
        )
    people = read_people(path)
    _require_ids(people, path)
    added = _missing(people, own)
    if own.is_file():
        known = {person.id for person in (*read_people(own), *added)}
        _require_graded(teacher.course, known | {*gone})
    if added:
        add_people(own, added)
        teacher.log("roster", ROSTER, ", ".join(person.id for person in added)[:500])
    access = AccessList(teacher.database)
    links = []
    for person in people:
        if access.has_link(person.id) and not again:
            continue
        token = new_token()
        actions.invite(teacher, person.id, person.name, hashed(token), person.email)
        links.append(Link(person.id, person.name, link_to(url, token), person.email))
    return Invited(tuple(links), tuple(person.id for person in added), own.is_file())


def _require_ids(people: Sequence[Person], path: Path) -> None:
    """Links are shown once, so that nothing may fail when some are drawn already."""
    odd = [person.id for person in people if not is_student_id(person.id)]
    if odd:
        raise InvalidConfig(
            _("{path} has ids that cannot be a folder's name: {ids}.").format(
                path=path, ids=_few([ascii(id_) for id_ in odd])
            ),
            remedy=_("Letters, digits, `_`, `.`, `@`, `-`, at most 64."),
        )


def _missing(people: Sequence[Person], own: Path) -> list[Person]:
    """Those whom the class's roster does not have; nobody where there is none."""
    if not own.is_file():
        return []
    known = {person.id for person in read_people(own)}
    return list({person.id: person for person in people if person.id not in known}.values())


def _require_graded(course: Course, known: Collection[str]) -> None:
    graded = {student for _slug, student, _key in Ledger(course.ledger).recorded()}
    locked_out = sorted(graded - {*known})
    if locked_out:
        raise InvalidConfig(
            _("roster.csv lacks {count} students who were graded: {students}. They would be locked out.").format(
                count=len(locked_out), students=_few(locked_out)
            ),
            remedy=_("Add them to roster.csv; whoever has left the class is named with --gone ID."),
        )


def _few(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (_(" and {count} more").format(count=more) if more > 0 else "")


def invite_one_teacher(teacher: Teacher, name: str, email: str, url: str) -> Invited:
    """Make a link for a teacher; an earlier one under this name ends."""
    token = new_token()
    actions.invite_teacher(teacher, name, hashed(token), email)
    return Invited((Link("", name, link_to(url, token, "teacher")),))
