"""Results as Gradescope reads them."""

import json

from typer.testing import CliRunner

from grader.cli.app import app
from grader.course.folder import Course
from grader.lms.gradescope import results_json
from grader.lms.results import results_of


def test_scores_add_up_and_what_waits_for_a_teacher_is_no_failure(graded: Course) -> None:
    plain = json.loads(results_json(results_of(graded, "resnet").results["bart"]))
    assert plain["score"] == 12 == sum(test.get("score", 0) for test in plain["tests"])
    assert sum(test["max_score"] for test in plain["tests"]) == 20
    states = [test.get("status") for test in plain["tests"]]
    assert (states.count("passed"), states.count("failed"), states.count(None)) == (9, 3, 3)
    assert plain["output"] == "Some answers wait for a teacher."


def test_the_verb_writes_one_file_for_each_submission(graded: Course, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(graded.root)
    said = CliRunner().invoke(app, ["export", "--gradescope", str(tmp_path / "out")])
    assert said.exit_code == 0, said.output
    made = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.json"))
    assert made == [f"resnet/{student}/results.json" for student in ("bart", "ivan", "lisa")]
