"""Personal links for a class: drawn here, shown once, kept as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.course.roster import ROSTER, read_people
from grader.errors import InvalidConfig
from grader.record import actions
from grader.record.actions import Teacher
from grader.record.database.access import AccessList, hashed, link_to, new_token


@dataclass(frozen=True)
class Link:
    """A personal link. Whoever has it is taken for this person."""

    id: str
    name: str
    link: str


def invite_all(teacher: Teacher, roster: Path | None, url: str, *, again: bool) -> list[Link]:
    """Invite everybody on a list who has no link yet.

    A list from elsewhere does not become the class's `roster.csv`, which says whose work is graded at all: it may hold
    a part of the class.

    Args:
        teacher: who invites.
        roster: a list, CSV with the columns `id` and, if wanted, `name` and `email`; None takes the class's.
        url: where the page is reached.
        again: whether those who have a link get a new one, which ends the old one.

    Raises:
        InvalidConfig: there is no roster, or it has no column `id`.
    """
    own = teacher.course.root / ROSTER
    path = roster or own
    if not path.is_file():
        raise InvalidConfig(f"There is no {path}.", remedy="Write one: a line `id,name,email`, then one per student.")
    people = read_people(path)
    access = AccessList(teacher.database)
    links = []
    for person in people:
        if access.has_link(person.id) and not again:
            continue
        token = new_token()
        actions.invite(teacher, person.id, person.name, hashed(token), person.email)
        links.append(Link(person.id, person.name, link_to(url, token)))
    return links


def invite_one_teacher(teacher: Teacher, name: str, email: str, url: str) -> list[Link]:
    """Make a link for a teacher; an earlier one under this name ends."""
    token = new_token()
    actions.invite_teacher(teacher, name, hashed(token), email)
    return [Link("", name, link_to(url, token, "teacher"))]
