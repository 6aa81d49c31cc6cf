"""What `grader doctor` finds: on a machine and class that can grade, and where something is missing."""

import json
from pathlib import Path

import pytest
from test_cli import grader

from grader.course import Course
from grader.datasets.synthesize import synthesize
from grader.doctor import PROMISES, Finding, look


def findings(class_dir: Path) -> dict[str, Finding]:
    return {finding.what: finding for finding in look(class_dir)}


def test_a_class_that_can_be_graded_is_found_good(course: Course) -> None:
    synthesize(course.dataset, seed=1, images=126, size=32)
    found = findings(course.root)
    assert [finding for finding in found.values() if finding.is_needed and not finding.is_good] == []
    assert {f"sandbox: {promise}" for promise, _code in PROMISES} <= set(found)
    assert found["class.toml"].found == "Test class"
    assert found["resnet: released"].found.endswith("points")
    assert found["springfield: released"].found == "15 points"
    assert found["springfield: data set"].found.endswith("hidden test images")


def test_what_a_class_still_lacks_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    assert grader("init", tmp_path / "class").returncode == 0
    done = grader("doctor", "--class", tmp_path / "class", "--json")
    assert done.returncode == 1
    lacking = {line["what"]: line["remedy"] for line in json.loads(done.stdout) if not line["is_good"]}
    assert "grader release resnet" in lacking["resnet: released"]
    assert "grader release springfield" in lacking["springfield: released"]
    assert "grader dataset synthesize" in lacking["springfield: data set"]
    told = grader("doctor", "--class", tmp_path / "class").stdout
    assert "no   resnet: released" in told
    assert "what to do: Run `grader release resnet`." in told


def test_class_toml_is_checked_when_the_doctor_stands_in_the_class(course: Course) -> None:
    config = course.root / "class.toml"
    config.write_text(config.read_text().replace("slots = 0", "slotz = 0"))
    done = grader("doctor", "--json", cwd=course.root)
    assert done.returncode == 1
    (finding,) = [line for line in json.loads(done.stdout) if line["what"] == "class.toml"]
    assert "slotz" in finding["found"]


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_a_folder_that_is_no_class_is_said_so(tmp_path: Path, folder: str) -> None:
    done = grader("doctor", "--class", tmp_path / folder, "--json")
    assert done.returncode == 1
    (finding,) = [line for line in json.loads(done.stdout) if line["what"] == "class.toml"]
    assert "not a class folder" in finding["found"]
    assert "grader init" in finding["remedy"]
