"""Let the class database know who hands in together."""

from __future__ import annotations

from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.course.teams import read_teams
from grader.record.database import ClassDatabase
from grader.record.database.late import LateBook, Member, Place, together_with


def publish_teams(course: Course, database: ClassDatabase, slugs: list[str]) -> None:
    """Store the teams of those assignments that are handed in together.

    Args:
        course: the class.
        database: of the class.
        slugs: assignments that the database knows.

    Raises:
        InvalidConfig: the roster's teams are wrong; the stored ones stay.
    """
    teams = read_teams(course)
    together = [slug for slug in slugs if course.assignment_config(slug).teams]
    book = LateBook(database)
    if not (teams and together):
        if book.members():
            book.set_members(())
        return
    names = read_roster(course) or {}
    for team in teams:
        for student in team.members:
            database.ensure_student(student, names.get(student) or None)
    book.set_members(
        Member(student, slug, team.name, team.members[0])
        for slug in together
        for team in teams
        for student in team.members
    )


def with_teams(course: Course, places: list[Place]) -> list[Place]:
    """These students and assignments, and whoever shares their grades."""
    with ClassDatabase.open(course.database_url) as database:
        members = LateBook(database).members()
    every = [(mate, slug) for student, slug in places for mate in together_with(members, student, slug)]
    return list(dict.fromkeys(every))
