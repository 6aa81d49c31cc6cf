"""Who hands in together: the column `team` of roster.csv, for assignments that say `teams = true`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.course.folder import Course
from grader.course.roster import ROSTER, Person, read_people
from grader.errors import InvalidConfig
from grader.language import _

_TITLES = ("team", "команда")


@dataclass(frozen=True)
class Team:
    """Students who hand in together; under the first one's alias they stand on the board.

    Attributes:
        name: as the roster has it.
        members: their ids, in the order of the roster.
    """

    name: str
    members: tuple[str, ...]


def read_teams(course: Course) -> tuple[Team, ...]:
    """The teams of the class; none where no assignment is handed in together. Whoever is in no team works alone.

    Raises:
        InvalidConfig: there is no such column, a student is in two teams, or a team has the name of a student.
    """
    if not any(settings.teams for settings in course.config.assignments.values()):
        return ()
    path = course.root / ROSTER
    people = read_people(path) if path.is_file() else []
    if not any(title in person.others for person in people for title in _TITLES):
        raise InvalidConfig(
            _("class.toml says teams = true, and {path} has no column `team`.").format(path=path),
            remedy=_("Add the column with the team's name in each line, or take the setting out."),
        )
    of_student: dict[str, str] = {}
    for person in people:
        name = _team_of(person)
        if of_student.setdefault(person.id, name) != name:
            raise InvalidConfig(
                _("{student} is in two teams in {path}: {teams}.").format(
                    student=person.id, path=path, teams=", ".join(team or "—" for team in (of_student[person.id], name))
                ),
                remedy=_("Leave one line for each student."),
            )
    return _teams(people, of_student)


def _teams(people: Sequence[Person], of_student: dict[str, str]) -> tuple[Team, ...]:
    found: dict[str, list[str]] = {}
    for student, name in of_student.items():
        if name:
            found.setdefault(name, []).append(student)
    known = {person.id for person in people}
    odd = sorted(known & found.keys())
    if odd:
        raise InvalidConfig(
            _("{name} is the id of a student and the name of a team in roster.csv.").format(name=odd[0]),
            remedy=_("Give the team another name."),
        )
    return tuple(Team(name, tuple(members)) for name, members in found.items())


def _team_of(person: Person) -> str:
    return next((person.others[title] for title in _TITLES if person.others.get(title)), "")
