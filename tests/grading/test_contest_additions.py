"""A class's own pictures join the hidden test: what was graded before runs again, or is handed in again."""

import hashlib
import json
from functools import partial
from pathlib import Path

import pytest
from classroom import in_this_process
from command_line import grader
from contest_class import points_in_gradebook, with_source
from PIL import Image

from grader.course.folder import Course
from grader.datasets.layout import Layout, load_answer_key, load_record
from grader.datasets.synthesize import synthesize
from grader.pipeline import grade_class as grade_class_with_workers
from grader.record.class_lock import class_lock
from grader.record.ledger import rules_hash
from grader.record.planning import GradingStatus, Row, Rules

grade_class = partial(grade_class_with_workers, workers=in_this_process)


@pytest.fixture
def town(course: Course) -> Course:
    """A class that takes csv files, with a data set of its own that may be changed."""
    synthesize(course.dataset, seed=3, images=126, size=32, per_class=8, workers=1)
    return with_source(course, "csv")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A picture each of two classes."""
    for number, label in enumerate(("bart_simpson", "lionel_hutz")):
        folder = tmp_path / "own" / label
        folder.mkdir(parents=True)
        Image.linear_gradient("L").rotate(90 * number).convert("RGB").save(folder / "ours.png")
    return tmp_path / "own"


def hand_in(town: Course, right: dict[str, str]) -> Row:
    folder = town.submitted / "lisa" / "springfield"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["Id,Expected\n", *(f"{image},{label}\n" for image, label in right.items())]
    (folder / "submission.csv").write_text("".join(lines))
    (row,) = grade_class(town, ["springfield"])
    return row


def test_a_graded_csv_keeps_its_points_until_it_is_handed_in_again(town: Course, own: Path) -> None:
    assert hand_in(town, load_answer_key(town.dataset).expected).report.points == 15
    said = grader("dataset", "add-test", own, "--class", town.root)
    assert said.returncode == 0, said.stderr
    assert "added to the hidden test: 2 public and 0 private pictures, 1 decoys" in said.stdout
    assert "1 student has to hand in a submission.csv again" in said.stdout
    assert "old points stay: lisa" in said.stdout

    (row,) = grade_class(town, ["springfield"])
    assert row.status is GradingStatus.NOT_GRADED
    assert "Missing Ids: img220.jpg, img221.jpg, img222.jpg" in row.problem
    assert points_in_gradebook(town, "lisa") == 15
    again = hand_in(town, load_answer_key(town.dataset).expected)
    assert (again.status, again.report.points) == (GradingStatus.GRADED, 15)
    assert again.score.public_total == 154


def test_notebooks_that_run_again_are_named_for_machines(town: Course, own: Path) -> None:
    hand_in(town, load_answer_key(town.dataset).expected)
    path = town.root / "class.toml"
    path.write_text(path.read_text().replace('source = "csv" ', 'source = "rerun" '))
    notebook = town.submitted / "lisa" / "springfield" / "springfield.ipynb"
    notebook.write_bytes((town.release / "springfield" / "springfield.ipynb").read_bytes())
    found = json.loads(grader("dataset", "add-test", own, "--json", "--class", town.root).stdout)

    assert found["added"] == {"bart_simpson": 1, "lionel_hutz": 1}
    assert (found["added_public"], found["public_images"], found["decoys"]) == (2, 154, 61)
    assert (found["run_again"], found["hand_in_again"]) == ({"springfield": ["lisa"]}, {})


def test_a_wrong_folder_is_refused_in_a_sentence_and_nothing_waits_for_anybody(town: Course, own: Path) -> None:
    (own / "bart_simpson").rename(own / "bort_simpson")
    said = grader("dataset", "add-test", own, "--class", town.root)
    assert said.returncode == 2
    assert "there is no class bort_simpson; did you mean bart_simpson?" in said.stderr
    assert "Nothing was changed" in said.stderr
    assert load_record(town.dataset).added == 0


def test_nothing_is_added_while_a_grader_writes_results(town: Course, own: Path) -> None:
    with class_lock(town):
        said = grader("dataset", "add-test", own, "--class", town.root)
    assert said.returncode == 1
    assert "Another `grader` is writing results" in said.stderr
    assert load_record(town.dataset).added == 0


def test_a_class_with_a_data_set_of_before_there_were_decoys_has_nothing_to_grade_again(town: Course) -> None:
    """Its rules have the hash that they had: computed here as the version before did."""
    layout, key = Layout(town.dataset), load_answer_key(town.dataset)
    rows = [
        f"{name},{label},{'public' if name in key.public_ids else 'private'}\n" for name, label in key.labels.items()
    ]
    data = "".join(["Id,Expected,Part\n", *rows]).encode()
    layout.answers_csv.write_bytes(data)
    fields = json.loads(layout.record.read_text())
    fields |= {"schema": 1, "answers_digest": hashlib.sha256(data).hexdigest()}
    del fields["decoys"], fields["added"]
    layout.record.write_text(json.dumps(fields))

    rules = Rules.of(town, "springfield", 1)
    contest = rules.conditions.contest
    answers = sorted((image, label, image in key.public_ids) for image, label in key.labels.items())
    assert contest.key.ids == tuple(sorted(key.labels, key=lambda name: (len(name), name)))
    before = {
        "assignment": rules.assignment.revision,
        "limits": rules.conditions.limits.model_dump(),
        "language": "en",
        "environment": rules.conditions.environment,
        "source": "csv",
        "contest": [repr(contest.table), "micro", contest.grade_on, contest.ladder, answers],
    }
    assert rules.hashes[0] == rules_hash(rules.assignment, rules.conditions)
    assert rules.hashes[0] == hashlib.sha256(json.dumps(before, sort_keys=True).encode()).hexdigest()
    assert hand_in(town, dict(key.labels)).report.points == 15
    assert hand_in(town, dict(key.labels)).status is GradingStatus.UNCHANGED
