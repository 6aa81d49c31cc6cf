"""Kaggle's public leaderboard of the contest: its file, and which count a shown score stands for.

The contest shows k/941 cut off after five digits; neighbouring counts differ by 0.00106, so k can be told exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from grader.errors import InvalidConfig
from grader.language import _
from grader.scoring.csv_table import Row, Table, read_given_table, shown
from grader.scoring.points import truncated

PUBLIC_IMAGES = 941
MAX_BYTES = 64 << 20
_DECIMALS = 5
_SCORE = re.compile(r"[01](\.\d{1,20})?")
_DATES = ("LastSubmissionDate", "SubmissionDate")
_MEMBERS = "TeamMemberUserNames"


@dataclass(frozen=True, slots=True)
class Team:
    """One team's best line.

    Attributes:
        names: what it can be found by: the team's name, and its members' user names where the file has them.
        score: as the file shows it.
        correct: images right.
        total: images of the public part.
        submitted_at: UTC; None where the file does not say.
    """

    names: tuple[str, ...]
    score: str
    correct: int
    total: int
    submitted_at: datetime | None


def count_of(score: str, total: int = PUBLIC_IMAGES) -> int | None:
    """The count k whose share k/total is shown so, or None where no count is.

    Args:
        score: such as `0.94792`; digits beyond the fifth are left out, missing ones are zeros.
        total: images of the public part.

    Raises:
        ValueError: so many images that five digits cannot tell two counts apart.
    """
    if not 0 < total < 10**_DECIMALS:
        raise ValueError(f"five digits cannot tell the counts of {total} images apart")
    if not _SCORE.fullmatch(score):
        return None
    wanted = truncated(Fraction(score), _DECIMALS)
    k = -(-Fraction(wanted) * total // 1)  # the smallest count that is at least this share
    return int(k) if k <= total and truncated(Fraction(int(k), total), _DECIMALS) == wanted else None


def read_leaderboard(data: bytes, total: int = PUBLIC_IMAGES) -> tuple[Team, ...]:
    """The teams of a leaderboard file, each with its best score, in the order of the file.

    Args:
        data: what Kaggle's page or client downloads: columns TeamName and Score, others as they come. An older form
            has one line for each improvement.
        total: images of the public part.

    Raises:
        InvalidConfig: the file is no leaderboard, or a score is no count of so many images.
        InvalidSubmission: the file is no CSV.
    """
    table = _read(data)
    name, score = _column(table, "TeamName"), _column(table, "Score")
    dates = [table.header.values.index(title) for title in _DATES if title in table.header.values]
    members = table.header.values.index(_MEMBERS) if _MEMBERS in table.header.values else None
    best: dict[str, Team] = {}
    for row in table.rows:
        if len(row.values) != len(table.header.values):
            raise _wrong(_("Line {line} has {found} values and the header {expected}.").format(
                line=row.line, found=len(row.values), expected=len(table.header.values)
            ))  # fmt: skip
        team = _team(row, name, score, dates, members, total)
        known = best.get(team.names[0])
        if known is None or team.correct > known.correct:
            best[team.names[0]] = team
    return tuple(best.values())


def read_mapping(data: bytes) -> dict[str, str]:
    """Students by team: columns `team` (the team's name, or a member's user name) and `student` (the roster's id).

    Raises:
        InvalidConfig: a column is missing, a value is empty, or a team or a student stands there twice.
        InvalidSubmission: the file is no CSV.
    """
    table = _read(data)
    team, student = _column(table, "team"), _column(table, "student")
    found: dict[str, str] = {}
    for row in table.rows:
        values = [row.values[at].strip() if at < len(row.values) else "" for at in (team, student)]
        if not all(values):
            raise _wrong(_("Line {line} names no team or no student.").format(line=row.line))
        if values[0] in found or values[1] in found.values():
            raise _wrong(
                _("Line {line} names {team} or {student} a second time.").format(
                    line=row.line, team=shown(values[0]), student=shown(values[1])
                )
            )
        found[values[0]] = values[1]
    return found


@dataclass(frozen=True, slots=True)
class Matched:
    """Teams and students brought together.

    Attributes:
        by_student: the team of each student that was found.
        teams_without_student: names of teams that the mapping does not name.
        names_without_team: names of the mapping that the leaderboard does not know.
    """

    by_student: dict[str, Team]
    teams_without_student: tuple[str, ...]
    names_without_team: tuple[str, ...]


def match(teams: Iterable[Team], students: dict[str, str]) -> Matched:
    """Give each team of the leaderboard to its student."""
    by_student: dict[str, Team] = {}
    unmatched: list[str] = []
    used: set[str] = set()
    for team in teams:
        known = [name for name in team.names if name in students]
        used.update(known)
        if not known:
            unmatched.append(team.names[0])
        for name in known:
            by_student[students[name]] = team
    return Matched(by_student, tuple(unmatched), tuple(name for name in students if name not in used))


def _team(row: Row, name: int, score: int, dates: list[int], members: int | None, total: int) -> Team:
    shown_score = row.values[score].strip()
    correct = count_of(shown_score, total)
    if correct is None:
        raise _wrong(
            _("Line {line}: the score {score} is not a share of {total} images, cut off after five digits.").format(
                line=row.line, score=shown(shown_score), total=total
            )
        )
    more = row.values[members].split(",") if members is not None else []
    names = tuple(dict.fromkeys(text.strip() for text in (row.values[name], *more) if text.strip()))
    if not names:
        raise _wrong(_("Line {line} names no team.").format(line=row.line))
    return Team(names, shown_score, correct, total, _moment(row.values[dates[0]]) if dates else None)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read(data: bytes) -> Table:
    if len(data) > MAX_BYTES:
        raise _wrong(_("The file is larger than {limit} MiB.").format(limit=MAX_BYTES >> 20))
    return read_given_table(data, _("The file"))


def _column(table: Table, name: str) -> int:
    names = [text.strip() for text in table.header.values]
    if name not in names:
        raise _wrong(
            _("The column {name} was not found (columns: {found}).").format(
                name=name, found=", ".join(shown(text)[1:-1] for text in names[:10])
            )
        )
    return names.index(name)


def _wrong(message: str) -> InvalidConfig:
    return InvalidConfig(
        message,
        remedy=_(
            "Expected the leaderboard's CSV with the columns TeamName and Score, and a CSV of names with the columns "
            "team and student."
        ),
    )
