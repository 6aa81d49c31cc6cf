from datetime import UTC, datetime
from fractions import Fraction

import pytest

from grader.errors import InvalidConfig
from grader.language import speaking
from grader.scoring.kaggle import count_of, match, read_leaderboard, read_mapping
from grader.scoring.points import truncated


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def test_every_count_is_told_from_its_shown_score():
    for k in range(942):
        shown = truncated(Fraction(k, 941))
        assert count_of(shown) == k
        assert count_of(shown.rstrip("0").rstrip(".") or "0") == k


def test_a_whole_float_is_cut_off_first():
    assert count_of(repr(892 / 941)) == 892


@pytest.mark.parametrize("score", ["0.94800", "0.94793", "1.1", "-0.5", "nan", "", "9e-1", "0,9"])
def test_what_is_no_count_is_told_apart(score):
    assert count_of(score) is None


def test_a_total_that_five_digits_cannot_resolve_is_refused():
    with pytest.raises(ValueError, match="100000"):
        count_of("0.5", 100_000)


def test_the_older_file_has_a_line_per_improvement_and_the_best_counts():
    data = b"TeamId,TeamName,SubmissionDate,Score\n1,A,2026-01-01 00:00:00,0.94792\n1,A,2026-01-02 00:00:00,0.90010\n"
    (team,) = read_leaderboard(data)
    assert (team.correct, team.submitted_at) == (892, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04 a workbook", "The file is a workbook of a spreadsheet"),
        (b"Team,Score\nA,0.94792\n", "The column TeamName was not found (columns: Team, Score)."),
        (b"TeamName,Points\nA,0.94792\n", "The column Score was not found (columns: TeamName, Points)."),
        (b"TeamName,Score\nA,0.948\n", "Line 2: the score '0.948' is not a share of 941 images"),
        (b"TeamName,Score\nA\n", "Line 2 has 1 values and the header 2."),
        (b"TeamName,Score\n,0.94792\n", "Line 2 names no team."),
    ],
)
def test_a_file_that_is_no_leaderboard_is_named(data, message):
    with pytest.raises(InvalidConfig) as caught:
        read_leaderboard(data)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"team\nA\n", "The column student was not found"),
        (b"team,student\nA,\n", "Line 2 names no team or no student."),
        (b"team,student\nA,lisa\nB,lisa\n", "Line 3 names 'B' or 'lisa' a second time."),
    ],
)
def test_a_mapping_that_is_none_is_named(data, message):
    with pytest.raises(InvalidConfig) as caught:
        read_mapping(data)
    assert message in caught.value.message


def test_two_students_of_one_team_both_get_its_score():
    data = b'TeamName,Score,TeamMemberUserNames\nA,0.94792,"lisa1,bart1"\n'
    found = match(read_leaderboard(data), {"lisa1": "lisa", "bart1": "bart"})
    assert {student: team.correct for student, team in found.by_student.items()} == {"lisa": 892, "bart": 892}
