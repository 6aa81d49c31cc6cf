"""Bring scores from Kaggle's public leaderboard into a class."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.collect.submissions import KAGGLE_COLUMNS
from grader.course.folder import Course
from grader.course.roster import read_roster
from grader.errors import InvalidConfig
from grader.files import read_given, write_atomically
from grader.language import _
from grader.scoring.kaggle import PUBLIC_IMAGES, Team, match, read_leaderboard, read_mapping


@dataclass(frozen=True)
class Imported:
    """What an import brought.

    Attributes:
        students: whose scores were taken.
        teams_without_student: teams of the leaderboard that the mapping does not name.
        names_without_team: names of the mapping that the leaderboard does not know.
    """

    students: tuple[str, ...]
    teams_without_student: tuple[str, ...]
    names_without_team: tuple[str, ...]


def import_leaderboard(
    course: Course, slug: str, leaderboard: Path, names: Path, *, images: int = PUBLIC_IMAGES
) -> Imported:
    """Keep the scores of the class's teams in `kaggle/<slug>.csv`, in the place of those of an earlier import.

    Args:
        course: the class.
        slug: a contest whose `source` is `kaggle`.
        leaderboard: Kaggle's file.
        names: CSV with the columns `team` and `student`.
        images: images of the public part.

    Raises:
        InvalidConfig: the assignment takes its points from elsewhere, a file is not as expected, a student is not in
            the roster.
        InvalidSubmission: a file is no CSV.
        EnvironmentFault: nothing can be written.
    """
    settings = course.assignment_config(slug)
    if not settings.contest or settings.source != "kaggle":
        raise InvalidConfig(
            _("Points for {slug} do not come from Kaggle (source = {source}).").format(
                slug=slug, source=settings.source
            ),
            remedy=_('Write contest = true and source = "kaggle" under [assignments.{slug}] in class.toml.').format(
                slug=slug
            ),
        )
    if course.config.contest.grade_on != "public":
        raise InvalidConfig(
            _("Kaggle's public leaderboard knows the public part alone, and the class grades on the private one."),
            remedy=_('Set grade_on = "public".'),
        )
    students = read_mapping(read_given(names))
    roster = read_roster(course)
    strangers = sorted(set(students.values()) - set(roster)) if roster is not None else []
    if strangers:
        raise InvalidConfig(
            _("Not in roster.csv: {names}.").format(names=", ".join(strangers)),
            remedy=_("Put them into roster.csv, or the names right."),
        )
    found = match(read_leaderboard(read_given(leaderboard), images), students)
    write_atomically(course.kaggle / f"{slug}.csv", _table(found.by_student))
    return Imported(tuple(sorted(found.by_student)), found.teams_without_student, found.names_without_team)


def _table(by_student: dict[str, Team]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(KAGGLE_COLUMNS)
    now = datetime.now(UTC)
    for student, team in sorted(by_student.items()):
        moment = (team.submitted_at or now).isoformat()
        table.writerow([student, team.names[0], team.score, team.correct, team.total, moment])
    return text.getvalue().encode()
