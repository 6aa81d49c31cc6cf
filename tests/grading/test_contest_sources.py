"""The contest without a run: predictions that were handed in, and Kaggle's leaderboard."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from command_line import grader
from contest_class import grade_class, hand_in, points_in_gradebook, predictions, with_source

from grader.collect.folders import collect
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.record.database import ClassDatabase, RunReport
from grader.record.database.queries import Board
from grader.record.planning import GradingStatus
from grader.show.feedback.making import make_feedback


@pytest.fixture
def town(town: Course) -> Course:
    """A class that takes csv files, with a town of few pictures."""
    return with_source(town, "csv", quota="{ per_day = 3, in_total = 0, invalid_per_day = 2 }")


def reports(course: Course) -> list[RunReport]:
    with ClassDatabase.open(course.database_url) as database:
        return database.reports(every_run=True)


def test_a_handed_in_csv_earns_its_points_in_gradebook_board_and_feedback(town: Course) -> None:
    row = hand_in(town, predictions(town, 0))
    assert (row.status, row.report.points) == (GradingStatus.GRADED, 15)
    assert points_in_gradebook(town, "lisa") == 15
    with Board.open(town.database_url) as board:
        (standing,) = board.standings("springfield")
    assert (standing.points, standing.correct) == (15, standing.total)
    make_feedback(town, "springfield", "lisa")
    page = (town.feedback / "lisa" / "springfield" / "springfield.html").read_text()
    assert "F1 1.00000" in page


def test_a_csv_of_another_name_is_taken_where_it_is_the_only_one(town: Course) -> None:
    assert hand_in(town, predictions(town, 0), name="my answers.CSV").report.points == 15


def test_an_invalid_csv_is_told_what_is_wrong_and_takes_no_points_away(town: Course) -> None:
    hand_in(town, predictions(town, 0))
    row = hand_in(town, b"ImageId,Expected\nimg0.jpg,bart\n")
    assert row.status is GradingStatus.NOT_GRADED
    assert "Column 'ImageId' must be called 'Id' (Line 1, Column 1)" in row.problem
    assert points_in_gradebook(town, "lisa") == 15
    assert reports(town)[-1].record.problem == row.problem


def test_nothing_of_a_handed_in_notebook_is_run(town: Course) -> None:
    folder = town.submitted / "bart" / "springfield"
    folder.mkdir(parents=True)
    (folder / "springfield.ipynb").write_text("not a notebook at all")
    assert hand_in(town, predictions(town, 0), "bart").report.points == 15


def test_no_file_at_all_is_named(town: Course) -> None:
    (town.submitted / "ralph" / "springfield").mkdir(parents=True)
    (row,) = grade_class(town, ["springfield"])
    assert row.problem.startswith("No file submission.csv was handed in (found: nothing).")


def test_a_small_improvement_leaves_the_score_and_the_points_where_they_were(town: Course) -> None:
    first = hand_in(town, predictions(town, 12))
    second = hand_in(town, predictions(town, 11, shift=3))
    assert second.score.accepted is False
    assert (second.score.public_correct, second.report.points) == (first.score.public_correct, first.report.points)
    task = next(task for task in second.report.tasks if task.grade_id == "task1_contest_score")
    assert f"Not a clear improvement; the board stays at {first.score.shown_f1}" in task.message
    entries = [report.record.entry for report in reports(town)]
    assert [entry.accepted for entry in entries] == [True, False]
    assert entries[0].correct == entries[1].correct
    third = hand_in(town, predictions(town, 4))
    assert third.score.accepted
    assert third.score.public_correct == first.score.public_correct + 8


def test_an_older_file_handed_in_again_moves_nothing_back(town: Course) -> None:
    hand_in(town, predictions(town, 20))
    best = hand_in(town, predictions(town, 0))
    again = hand_in(town, predictions(town, 20))
    assert (again.status, again.report.points) == (GradingStatus.UNCHANGED, best.report.points)
    assert points_in_gradebook(town, "lisa") == best.report.points
    assert len(reports(town)) == 2


def test_a_regrade_compares_with_what_came_before_and_not_with_itself(town: Course) -> None:
    hand_in(town, predictions(town, 20))
    hand_in(town, predictions(town, 4))
    (row,) = grade_class(town, ["springfield"], regrade=1)
    assert row.status is GradingStatus.GRADED
    assert row.score.accepted


def test_without_the_ladder_every_score_counts(town: Course) -> None:
    town = with_source(town, "csv", ladder="false")
    first = hand_in(town, predictions(town, 12))
    second = hand_in(town, predictions(town, 11, shift=3))
    assert second.score.public_correct == first.score.public_correct + 1


def test_the_quota_of_a_day_is_kept_and_the_same_file_again_is_free(town: Course) -> None:
    for wrong in (30, 20, 10):
        assert hand_in(town, predictions(town, wrong)).report is not None
    refused = hand_in(town, predictions(town, 0))
    assert refused.status is GradingStatus.NOT_GRADED
    assert refused.problem.startswith("LIMIT: 3 of 3 submissions used today. Next at 00:00 (in ")
    assert refused.problem.endswith("This file was not counted.")
    assert hand_in(town, predictions(town, 10)).status is GradingStatus.UNCHANGED
    assert hand_in(town, predictions(town, 0), "bart").report.points == 15


def test_invalid_files_use_up_their_own_cap_and_no_other(town: Course) -> None:
    for number in range(2):
        assert "ERROR" in hand_in(town, f"Id,Expected\n{number}".encode()).problem
    assert hand_in(town, b"Id,Expected\n2").problem.startswith("LIMIT: 2 of 2 files that could not be scored today.")


LEADERBOARD = """Rank,TeamId,TeamName,LastSubmissionDate,Score,SubmissionCount,TeamMemberUserNames
1,11,Чемпионы,2026-03-01 10:00:00,0.99787,5,"lisas,other"
2,12,Bart & Co,2026-03-02 11:30:00,0.94792,3,bart99
3,13,strangers,2026-03-02 11:30:00,0.9,3,nobody
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    board, names = tmp_path / "leaderboard.csv", tmp_path / "names.csv"
    board.write_text(LEADERBOARD.replace(",0.9,", ",0.90010,"))
    names.write_text("team,student\nlisas,lisa\nBart & Co,bart\nNelson,nelson\n")
    return board, names


@pytest.mark.slow
def test_kaggles_leaderboard_becomes_points(course: Course, files: tuple[Path, Path]) -> None:
    course = with_source(course, "kaggle")
    said = grader("import-kaggle", files[0], "--names", files[1], "--json", "--class", course.root)
    assert said.returncode == 1, said.stderr  # nelson is not there
    found = json.loads(said.stdout)
    assert found["points"] == {"lisa": 15, "bart": 12}
    assert found["teams_without_student"] == ["strangers"]
    assert found["names_without_team"] == ["Nelson"]
    assert points_in_gradebook(course, "bart") == 12
    bart = next(report.record for report in reports(course) if report.student_id == "bart")
    assert (bart.entry.correct, bart.entry.total, bart.source) == (892, 941, "kaggle")
    assert bart.received_at.isoformat() == "2026-03-02T11:30:00+00:00"
    with Board.open(course.database_url) as board:
        assert [row.points for row in board.standings("springfield")] == [15, 12]
    made = grader("feedback", "springfield", "--class", course.root)
    assert made.returncode == 0, made.stderr
    page = (course.feedback / "bart" / "springfield" / "springfield.html").read_text()
    assert "0.94792" in page


@pytest.mark.slow
def test_the_next_import_takes_the_place_of_the_last(course: Course, files: tuple[Path, Path]) -> None:
    course = with_source(course, "kaggle")
    files[1].write_text("team,student\nBart & Co,bart\n")
    assert grader("import-kaggle", files[0], "--names", files[1], "--class", course.root).returncode == 0
    files[0].write_text(files[0].read_text().replace("0.94792", "0.97024"))
    said = grader("import-kaggle", files[0], "--names", files[1], "--class", course.root)
    assert said.returncode == 0
    assert "Teams without a student: Чемпионы, strangers" in said.stdout
    assert points_in_gradebook(course, "bart") == 15


def test_a_class_that_runs_notebooks_takes_nothing_from_kaggle(course: Course, files: tuple[Path, Path]) -> None:
    said = grader("import-kaggle", files[0], "--names", files[1], "--class", course.root)
    assert said.returncode == 2
    assert "source = rerun" in said.stderr


def test_a_kaggle_file_in_a_students_folder_is_nothing(course: Course) -> None:
    course = with_source(course, "kaggle")
    folder = course.submitted / "bart" / "springfield"
    folder.mkdir(parents=True)
    (folder / "kaggle.json").write_text('{"score": "1.0", "correct": 941, "total": 941}')
    (folder / "springfield.csv").write_text(
        "student,team,score,correct,total,submitted_at\nbart,b,1,941,941,2026-01-01"
    )
    assert grade_class(course, ["springfield"]) == []


@pytest.mark.slow
def test_csv_files_are_collected_from_a_folder_and_from_an_archive(town: Course, tmp_path: Path) -> None:
    folder = tmp_path / "handed in"
    (folder / "lisa").mkdir(parents=True)
    (folder / "lisa" / "submission.csv").write_bytes(predictions(town, 0))
    (folder / "bart_12345_springfield.csv").write_bytes(predictions(town, 1))
    assert collect(town, "springfield", folder).students == ("bart", "lisa")
    with zipfile.ZipFile(tmp_path / "lms.zip", "w") as archive:
        archive.writestr("ralph_submission.csv", predictions(town, 2))
    assert collect(town, "springfield", tmp_path / "lms.zip").students == ("ralph",)
    rows = grade_class(town, ["springfield"])
    assert [row.student for row in rows if row.score] == ["bart", "lisa", "ralph"]


@pytest.mark.slow
def test_weights_beside_a_notebook_are_collected_with_it(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "handed in" / "lisa"
    (folder / "models").mkdir(parents=True)
    shutil.copy(course.release / "springfield" / "springfield.ipynb", folder)
    (folder / "models" / "mine.pth").write_bytes(b"weights")
    assert collect(course, "springfield", tmp_path / "handed in").students == ("lisa",)
    assert (course.submitted / "lisa" / "springfield" / "models" / "mine.pth").read_bytes() == b"weights"


@pytest.mark.slow
def test_a_rejudge_replays_everything_under_the_new_rules_and_runs_nothing(town: Course) -> None:
    for wrong in (30, 29, 10):
        hand_in(town, predictions(town, wrong))
    before = points_in_gradebook(town, "lisa")
    path = town.root / CONFIG_NAME
    lines = [line for line in path.read_text().split("\n") if not line.startswith('    ["0.')]
    path.write_text("\n".join(lines).replace("thresholds = [", 'thresholds = [["0.5", 3], ["0.99", 15]'))
    said = grader("rejudge", "springfield", "--json", "--class", town.root)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["students"] == [{"student": "lisa", "submissions": 3, "before": before, "after": 3}]
    town = Course.open(town.root)
    assert points_in_gradebook(town, "lisa") == 3
    entries = [report.record.entry for report in reports(town)]
    assert [entry.accepted for entry in entries] == [True, True, False, False, True, True]
    assert {entry.points for entry in entries[1::2]} == {3}
    (row,) = grade_class(town, ["springfield"])
    assert (row.status, row.report.points) == (GradingStatus.UNCHANGED, 3)


@pytest.mark.slow
def test_without_a_contest_a_rejudge_counts_again_alone(course: Course) -> None:
    said = grader("rejudge", "resnet", "--class", course.root)
    assert (said.returncode, said.stdout) == (0, "0 grades have changed\n"), said.stderr


def test_a_lost_class_database_takes_no_points_from_a_contest(town: Course) -> None:
    """What stands is recorded again, and a weaker submission that comes before that does not take its place."""
    for student in ("lisa", "bart"):
        assert hand_in(town, predictions(town, 0), student).report.points == 15
    (before,) = [report.record.entry for report in reports(town) if report.student_id == "bart"]
    for path in (town.root / "board").glob("class.db*"):
        path.unlink()
    weaker = hand_in(town, predictions(town, 6), "lisa")
    assert (weaker.status, weaker.report.points, weaker.score.accepted) == (GradingStatus.GRADED, 15, False)
    rows = {row.student: row for row in grade_class(town, ["springfield"])}
    assert (rows["bart"].status, rows["lisa"].status) == (GradingStatus.RECORDED, GradingStatus.UNCHANGED)
    assert [report.record.entry for report in reports(town) if report.student_id == "bart"] == [before]
