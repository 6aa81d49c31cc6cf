"""Moodle's users and the class's roster."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from grader.course.roster import COLUMNS, Person, is_student_id
from grader.lms.matching import Listed, matching
from grader.lms.moodle_answers import MoodleUser
from grader.show.spreadsheet import safe_cell

ROSTER_TITLES = ("moodle", "moodle id")
"""Columns of the roster that hold Moodle's numbers of users, which are not those of an assignment's participants."""


def listed(user: MoodleUser) -> Listed:
    """A user as somebody to be matched with the roster."""
    return Listed(user.fullname, str(user.id), user.email, tuple(filter(None, (user.username, user.idnumber))))


def roster_with_numbers(people: Sequence[Person], users: Sequence[MoodleUser]) -> bytes:
    """A roster with the column `moodle`: the class's people with their numbers, behind them users who are new.

    A new user's id is the login, else what stands before the `@` of their address, else `moodle` and the number.
    """
    found = matching([listed(user) for user in users], people, ROSTER_TITLES)
    number_of = {student: str(users[at].id) for at, student in found.student_of.items()}
    titles = list(dict.fromkeys([*COLUMNS, *(title for one in people for title in one.others), "moodle"]))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(titles)
    for person in people:
        facts = {**person.others, "id": person.id, "name": person.name, "email": person.email}
        facts["moodle"] = number_of.get(person.id) or person.others.get("moodle", "")
        writer.writerow([facts.get(title, "") for title in titles])  # the teacher's own text stays as it is
    taken = {person.id for person in people}
    for user in (users[at] for at in found.strangers):
        facts = {"id": _new_id(user, taken), "name": user.fullname, "email": user.email, "moodle": str(user.id)}
        taken.add(facts["id"])
        writer.writerow([safe_cell(facts.get(title, "")) for title in titles])
    return file.getvalue().encode("utf-8-sig")


def _new_id(user: MoodleUser, taken: set[str]) -> str:
    for name in (user.username, user.email.partition("@")[0]):
        if is_student_id(name) and name not in taken:
            return name
    return f"moodle{user.id}"
