"""Who is who: a line of another system's list and a student of the class. What is not certain is left out, and said."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from grader.course.roster import Person, name_key


@dataclass(frozen=True)
class Listed:
    """A person as another system lists them; what it does not say is empty.

    Attributes:
        name: full name, in whatever order.
        number: the system's own number or identifier, such as `Participant 12345`.
        email: address.
        logins: login names and the institution's numbers.
    """

    name: str
    number: str = ""
    email: str = ""
    logins: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What to call this line in a message."""
        return self.name or self.number or self.email


@dataclass(frozen=True)
class Matching:
    """Which line is whose.

    Attributes:
        student_of: student id by the line's place in the list.
        doubtful: lines that may be of several students, or that share a student with another line.
        strangers: lines that are nobody's in the class.
    """

    student_of: dict[int, str]
    doubtful: tuple[int, ...]
    strangers: tuple[int, ...]


# From the strongest: what says who a student is, of a line and of a person of the class.
_Facts = Callable[[Person], Collection[object]]


def matching(
    listed: Sequence[Listed],
    people: Sequence[Person],
    number_titles: Collection[str],
    also_called: Mapping[str, Collection[str]] | None = None,
) -> Matching:
    """Match a list with the class: by number, then e-mail, then login, then name.

    The first of these that anybody in the class has decides. It has to name one student, and no weaker one may name
    other students instead. A student with several lines gets the one that was found in the strongest way; where two are
    alike, neither.

    Args:
        listed: of the other system.
        people: of the class.
        number_titles: titles of the roster's columns that hold the system's numbers, in lower case.
        also_called: further names by student id.
    """
    names = also_called or {}
    steps: list[tuple[_Facts, Callable[[Listed], Collection[object]]]] = [
        (
            lambda one: {digits for title in number_titles if (digits := _digits(one.others.get(title, "")))},
            lambda line: {_digits(line.number)} - {""},
        ),
        (lambda one: {_folded(one.email)} - {""}, lambda line: {_folded(line.email)} - {""}),
        (
            lambda one: {_folded(one.id), *(_folded(one.others.get(title, "")) for title in LOGIN_TITLES)} - {""},
            lambda line: {_folded(login) for login in line.logins} - {""},
        ),
        (
            lambda one: {*map(name_key, (one.name or one.id, *names.get(one.id, ())))} - {()},
            lambda line: {name_key(line.name)} - {()},
        ),
    ]
    indices = [_index(people, of_person) for of_person, _line in steps]
    found: dict[int, tuple[int, str]] = {}
    doubtful: set[int] = set()
    strangers: list[int] = []
    for at, line in enumerate(listed):
        named = [
            {student for fact in of_line(line) for student in index.get(fact, ())}
            for index, (_person, of_line) in zip(indices, steps, strict=True)
        ]
        strength = next((level for level, students in enumerate(named) if students), None)
        if strength is None:
            strangers.append(at)
            continue
        agreed = named[strength]
        is_contradicted = any(students and not students & agreed for students in named[strength:])
        if len(agreed) == 1 and not is_contradicted:
            found[at] = (strength, min(agreed))
        else:
            doubtful.add(at)
    doubled, weaker = _doubled(found)
    return Matching(
        {at: student for at, (_strength, student) in found.items() if at not in doubled | weaker},
        tuple(sorted(doubtful | doubled)),
        tuple(sorted({*strangers, *weaker})),
    )


LOGIN_TITLES = ("login", "username", "логин", "sis", "sis user id", "sis login id", "id number", "idnumber")


def _index(people: Sequence[Person], facts: _Facts) -> dict[object, set[str]]:
    index: dict[object, set[str]] = defaultdict(set)
    for person in people:
        for fact in facts(person):
            index[fact].add(person.id)
    return index


def _doubled(found: dict[int, tuple[int, str]]) -> tuple[set[int], set[int]]:
    """Lines that share a student in the same way, and lines whose student another line has in a stronger way."""
    lines: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, (strength, student) in found.items():
        lines[student].append((strength, at))
    doubled: set[int] = set()
    weaker: set[int] = set()
    for ranked in lines.values():
        best = min(ranked)[0]
        strongest = [at for strength, at in ranked if strength == best]
        weaker |= {at for strength, at in ranked if strength > best}
        doubled |= set(strongest) if len(strongest) > 1 else set()
    return doubled, weaker


def _digits(identifier: str) -> str:
    """The number in `Participant 12345` or `Участник12345`: the word before it is of the site's language."""
    found = re.search(r"(\d+)\s*$", identifier)
    return found[1].lstrip("0") if found else ""


def _folded(text: str) -> str:
    return text.strip().casefold()
