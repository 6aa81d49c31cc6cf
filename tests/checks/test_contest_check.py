"""The contest's check away from a sandbox: what it says when the scorer fails, and which tests need no kernel."""

import logging

import pytest

from grader.checks import contest_points
from grader.checks.contest import is_contest_test
from grader.errors import EnvironmentFault
from grader.examiner.examination import Examination, as_current
from grader.grading.predictions import _HandedIn
from grader.language import speaking
from grader.scoring.contest import AnswerKey
from grader.scoring.points import PointsTable
from grader.scoring.rules import ContestRules

KEY = AnswerKey(labels={"img0.jpg": "bart"}, public_ids=frozenset({"img0.jpg"}), classes=("bart", "lisa"))


class BrokenTable(PointsTable):
    """A scorer that fails with a secret in its exception."""

    def points_for(self, score):
        raise KeyError("img0.jpg is bart")


def test_a_fault_of_the_scorer_shows_a_number_to_the_student_and_the_rest_to_the_teacher(caplog):
    table = BrokenTable(PointsTable.parse([["0.5", 1]]).thresholds)
    folder = _HandedIn({"submission.csv": b"Id,Expected\nimg0.jpg,lisa\n"})
    caplog.set_level(logging.ERROR)
    with speaking("en"), as_current(Examination(folder, ContestRules(KEY, table))):  # noqa: SIM117
        with pytest.raises(
            EnvironmentFault, match=r"INTERNAL: Scoring failed on our side \(ref [0-9a-f]{4}\)"
        ) as caught:
            contest_points()
    assert "bart" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "img0.jpg is bart" in caplog.text


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("from grader.checks import contest_points\ncontest_points('submission.csv')", True),
        ("contest_points(name)", False),
        ("same_function(a, b)", False),
        ("", False),
        ("!ls", False),
    ],
)
def test_a_test_of_the_contest_alone_is_told_from_others(code, is_one):
    assert is_contest_test(code) is is_one
