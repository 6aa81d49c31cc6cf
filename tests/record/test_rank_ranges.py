"""Ranges of ranks, from csv files that a class hands in to the two numbers that the class database gets."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from contest_class import grade_class, predictions, with_source
from contest_class import hand_in as hand_in_and_grade
from scipy.stats import binomtest

from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.record.database import ClassDatabase
from grader.record.database.queries import Board
from grader.record.database.ranges import Ranges, ranges_of
from grader.record.ledger import Ledger
from grader.record.rank_ranges import RankRangeUpdater
from grader.record.rescoring import rescore
from grader.scoring.mcnemar import RankRange

# Of each student: wrong labels in the public part, and the number of the first of them.
CLASS = {"lisa": (2, 0), "martin": (4, 0), "bart": (10, 0), "milhouse": (10, 12), "ralph": (30, 4)}


@pytest.fixture
def town(town: Course) -> Course:
    return with_source(town, "csv", quota="{ per_day = 9, in_total = 0, invalid_per_day = 2 }")


def put(town: Course, student: str, data: bytes) -> None:
    folder = town.submitted / student / "springfield"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "submission.csv").write_bytes(data)


def whole_class(town: Course) -> None:
    for student, (wrong, shift) in CLASS.items():
        put(town, student, predictions(town, wrong, shift=shift))
    grade_class(town, ["springfield"])


def ranges(town: Course) -> dict[str, RankRange]:
    """By student, as the page reads them."""
    with ClassDatabase.open(town.database_url) as database, Board.open(town.database_url) as board:
        students = {database.ensure_student(report.student_id): report.student_id for report in database.reports()}
        return {students[alias]: one for alias, one in ranges_of(board).get("springfield", {}).items()}


def expected(wrong: dict[str, set[int]]) -> dict[str, RankRange]:
    """The slow way, with scipy."""

    def beats(one: str, other: str) -> bool:
        better, worse = len(wrong[other] - wrong[one]), len(wrong[one] - wrong[other])
        return better > worse and binomtest(better, better + worse).pvalue < 0.05

    return {
        own: RankRange(1 + sum(beats(other, own) for other in wrong), len(wrong) - sum(beats(own, o) for o in wrong))
        for own in wrong
    }


def wrong_of(student: str) -> set[int]:
    wrong, shift = CLASS[student]
    return set(range(shift, shift + wrong))


def test_a_graded_class_has_the_ranges_of_paired_tests_on_the_public_part(town: Course) -> None:
    whole_class(town)
    found = ranges(town)
    assert found == expected({student: wrong_of(student) for student in CLASS})
    assert found["lisa"] == RankRange(1, 2)
    assert found["ralph"] == RankRange(5, 5)
    with Board.open(town.database_url) as board:
        rows = board.standings("springfield")
        by_alias = ranges_of(board)["springfield"]
    assert all(by_alias[row.alias].first <= row.rank <= by_alias[row.alias].last for row in rows)


def test_what_is_wrong_in_the_private_part_alone_tells_nobody_apart(town: Course) -> None:
    key = load_answer_key(town.dataset)
    other = dict(zip(key.classes, (*key.classes[1:], key.classes[0]), strict=True))
    private = set(key.ids_of("private"))
    assert len(private) > 6  # enough to tell two apart, were it looked at
    rows = [f"{image},{other[label] if image in private else label}" for image, label in key.expected.items()]
    put(town, "lisa", "\n".join(["Id,Expected", *rows, ""]).encode())
    put(town, "bart", predictions(town, 0))
    grade_class(town, ["springfield"])
    assert ranges(town) == {"lisa": RankRange(1, 2), "bart": RankRange(1, 2)}


def test_the_best_submission_is_compared_and_not_the_last(town: Course) -> None:
    whole_class(town)
    before = ranges(town)
    hand_in_and_grade(town, predictions(town, 40), "lisa")  # the Ladder lets her earlier score stand
    assert ranges(town) == before
    town = with_source(town, "csv", ladder="false")
    hand_in_and_grade(town, predictions(town, 41), "lisa")
    assert ranges(town) == before
    hand_in_and_grade(town, predictions(town, 0, shift=1), "ralph")
    found = ranges(town)
    assert found == expected({student: wrong_of(student) if student != "ralph" else set() for student in CLASS})


def test_who_has_no_stored_predictions_has_no_range_and_is_told_apart_from_nobody(town: Course) -> None:
    whole_class(town)
    with ClassDatabase.open(town.database_url) as database:
        (report,) = database.reports(student_id="ralph")
    (town.ledger / "results" / f"{report.record.key}.csv").unlink()
    hand_in_and_grade(town, predictions(town, 0), "wendell")
    found = ranges(town)
    assert "ralph" not in found
    wrong = {student: wrong_of(student) for student in CLASS if student != "ralph"} | {"wendell": set()}
    assert found == {s: RankRange(one.first, one.last + 1) for s, one in expected(wrong).items()}


def test_rescoring_compares_too(town: Course) -> None:
    whole_class(town)
    before = ranges(town)
    with ClassDatabase.open(town.database_url) as database:
        Ranges(database).store("springfield", {}, 0)
    path = town.root / CONFIG_NAME
    path.write_text(path.read_text().replace('["0.83", 1]', '["0.80", 1]'))
    assert len(rescore(Course.open(town.root), "springfield")) == len(CLASS)
    assert ranges(town) == before


def test_a_database_from_before_gets_its_ranges_with_the_next_grading(town: Course) -> None:
    whole_class(town)
    before = ranges(town)
    with ClassDatabase.open(town.database_url) as database:
        Ranges(database).store("springfield", {}, 0)
    assert ranges(town) == {}
    assert {row.status for row in grade_class(town, ["springfield"])} == {"unchanged"}
    assert ranges(town) == before


def test_predictions_are_read_a_moment_at_a_time_where_there_is_no_more_patience(town: Course) -> None:
    whole_class(town)
    before = ranges(town)
    with ClassDatabase.open(town.database_url) as database:
        stored = Ranges(database)
        stored.store("springfield", {}, 0)
        rank_ranges = RankRangeUpdater(Ledger(town.ledger), stored)
        key = load_answer_key(town.dataset)
        steps = 1
        while not rank_ranges.update("springfield", key, patience_s=0):
            assert ranges(town) == {}
            steps += 1
    assert 1 < steps <= len(CLASS) + 1
    assert ranges(town) == before


def test_without_answers_nobody_has_a_range(town: Course) -> None:
    whole_class(town)
    with ClassDatabase.open(town.database_url) as database:
        stored = Ranges(database)
        stored.store("springfield", {"lisa": RankRange(1, 1)}, 0)
        RankRangeUpdater(Ledger(town.ledger), stored).update("springfield", None)
    assert ranges(town) == {}


def test_nothing_of_any_image_reaches_the_class_database(town: Course, tmp_path: Path) -> None:
    whole_class(town)
    copied = tmp_path / "copy.db"
    with closing(sqlite3.connect(town.database_url.removeprefix("sqlite:///"))) as database:
        database.execute("VACUUM INTO ?", (str(copied),))
    content = copied.read_bytes()
    key = load_answer_key(town.dataset)
    assert b"lisa" in content
    assert not [image for image in key.ids if image.encode() in content]
    with closing(sqlite3.connect(copied)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(rank_range)")]
        rows = database.execute("SELECT * FROM rank_range").fetchall()
    assert columns == ["student_id", "assignment", "first", "last", "counted_run"]
    assert {row[0] for row in rows} == set(CLASS)
