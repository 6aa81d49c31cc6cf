"""The contest in rerun mode, on a tiny town: what the notebook writes is scored, and nothing else."""

from functools import partial
from pathlib import Path

import pytest
from classroom import HandIn, in_this_process

from grader.audit.answers import Answer
from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.outcomes import Outcome
from grader.pipeline import grade_class as grade_class_with_workers
from grader.record.database import ClassDatabase
from grader.record.database.queries import Board
from grader.record.planning import Row

grade_class = partial(grade_class_with_workers, workers=in_this_process)


def writes(code: str) -> Answer:
    """An answer that trains nothing and runs this code last."""
    idle = {"task1_network": "SpringfieldNet = None", "task1_training": "train = None"}
    return Answer("writes", {**idle, "task1_submission": code})


def graded(town: Course) -> tuple[Row, str]:
    (row,) = grade_class(town, ["springfield"])
    task, *in_words = row.report.tasks
    assert {other.outcome for other in in_words} == {Outcome.MANUAL}
    return row, task.message


def test_right_answers_earn_what_the_exact_count_says_and_reach_the_board(town: Course, hand_in: HandIn) -> None:
    labels = load_answer_key(town.dataset).expected
    lines = "".join(f"{name},{label}\n" for name, label in labels.items())
    hand_in("lisa", "springfield", writes(f"open('submission.csv', 'w').write({'Id,Expected' + chr(10) + lines!r})"))
    row, message = graded(town)
    assert row.report.points == 15
    assert row.score.public_correct == row.score.public_total
    assert "F1 1.00000" in message
    with ClassDatabase.open(town.database_url) as database:
        (report,) = database.reports()
        assert report.record.entry.points == 15
    with Board.open(town.database_url) as board:
        (standing,) = board.standings("springfield")
        assert (standing.points, standing.max_points) == (15, 18)


def test_the_data_is_at_the_usual_places_and_the_answers_at_none(town: Course, hand_in: HandIn) -> None:
    look = """
import os
for place in ("/kaggle/input/journey-springfield", "../input/journey-springfield", "."):
    print(place, os.path.isdir(place + "/train"), os.path.isdir(place + "/testset"))
print("answers:", [f for top, _, names in os.walk("/kaggle") for f in names if "answer" in f or "dataset.json" in f])
try:
    open("/kaggle/input/journey-springfield/train/x", "w")
except OSError as error:
    print("read-only:", error.strerror)
"""
    hand_in("lisa", "springfield", writes(look))
    graded(town)
    said = (town.autograded / "lisa" / "springfield" / "springfield.ipynb").read_text()
    for place in ("/kaggle/input/journey-springfield", "../input/journey-springfield", "."):
        assert f"{place} True True" in said
    assert "answers: []" in said
    assert "read-only: Read-only file system" in said


def test_a_handed_in_file_does_not_stand_for_what_the_notebook_should_write(town: Course, hand_in: HandIn) -> None:
    path = hand_in("bart", "springfield", writes("pass"))
    labels = load_answer_key(town.dataset).expected
    lines = "".join(f"{name},{label}\n" for name, label in labels.items())
    path.with_name("submission.csv").write_text("Id,Expected\n" + lines)
    row, message = graded(town)
    assert row.report.points == 0
    assert "was handed in" in message


def test_a_handed_in_file_named_like_the_data_gives_way_to_it(town: Course, hand_in: HandIn) -> None:
    path = hand_in("bart", "springfield", writes("import os; print('train is a folder:', os.path.isdir('train'))"))
    path.with_name("train").write_text("mine")
    path.with_name("testset").mkdir()
    row, _message = graded(town)
    assert row.report.tasks[0].outcome is Outcome.FAILED
    assert "train is a folder: True" in (town.autograded / "bart" / "springfield" / "springfield.ipynb").read_text()


def test_what_was_written_before_the_process_ended_is_scored(town: Course, hand_in: HandIn) -> None:
    code = "import shutil, os\nshutil.copy('sample_submission.csv', 'submission.csv')\nos._exit(1)"
    hand_in("ralph", "springfield", writes(code))
    row, message = graded(town)
    assert row.score is not None, message
    assert row.score.public_total > row.score.public_correct > 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("pass", "left no file submission.csv"),
        ("open('submission.csv', 'w').write('ImageId,label')", "'ImageId'"),
        ("import os; os.symlink('/etc/hostname', 'submission.csv')", "not an ordinary file"),
        ("open('submission.csv', 'wb').truncate(500 << 20)", "not an ordinary file"),
    ],
)
def test_a_bad_file_earns_nothing_and_is_named(town: Course, hand_in: HandIn, code: str, words: str) -> None:
    hand_in("milhouse", "springfield", writes(code))
    row, message = graded(town)
    assert row.report.points == 0
    assert row.score is None
    assert words in message


def test_no_label_is_in_what_is_recorded_of_a_run(town: Course, hand_in: HandIn) -> None:
    hand_in("ralph", "springfield", writes("import shutil; shutil.copy('sample_submission.csv', 'submission.csv')"))
    graded(town)
    key = load_answer_key(town.dataset)
    truth = "\n".join(f"{name},{label}" for name, label in list(key.labels.items())[:3])
    secret_places = {town.dataset.resolve() / "answers"}
    for path in [*town.root.rglob("*"), *town.dataset.resolve().rglob("*")]:
        if path.is_file() and not any(place in path.parents for place in secret_places):
            assert truth.encode() not in path.read_bytes(), path


def test_the_answers_folder_is_for_the_grader_alone(town: Course) -> None:
    assert (town.dataset / "answers").stat().st_mode & 0o077 == 0
    assert Path(town.root).stat().st_mode & 0o077 == 0
