"""What `grader doctor` finds: on a machine and class that can grade, and where something is missing."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from command_line import grader

from grader.cli.health import Finding, look, look_at_class
from grader.course import new_class
from grader.course.folder import Course
from grader.datasets.synthesize import synthesize
from grader.sandbox.self_check import PROMISES


def by_name(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


@pytest.mark.slow
def test_a_class_that_can_be_graded_is_found_good(course: Course) -> None:
    synthesize(course.dataset, seed=1, images=126, size=32)
    found = by_name(look(course.root))
    assert [finding for finding in found.values() if finding.is_needed and not finding.is_good] == []
    assert {f"sandbox: {promise.what}" for promise in PROMISES} <= set(found)
    assert found["sandbox: hidden tests and solutions are in no file that a notebook sees"].is_good
    assert found["notebooks do not run as root"].is_good
    assert found["class.toml"].found == "Test class"
    assert found["resnet: released"].found.endswith("points")
    assert found["springfield: released"].found == "18 points"
    assert found["springfield: data set"].found.endswith("hidden test images")


def test_what_a_class_still_lacks_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    course = new_class.init(tmp_path / "class")
    lacking = {name: f.remedy for name, f in by_name(look_at_class(course.root)).items() if not f.is_good}
    assert "grader release resnet" in lacking["resnet: released"]
    assert "grader release springfield" in lacking["springfield: released"]
    assert "grader dataset synthesize" in lacking["springfield: data set"]


@pytest.mark.slow
def test_the_command_tells_what_is_missing_and_ends_with_1(tmp_path: Path) -> None:
    course = new_class.init(tmp_path / "class")
    told = grader("doctor", "--class", course.root)
    assert told.returncode == 1
    assert "no   resnet: released" in told.stdout
    assert "what to do: Run `grader release resnet`." in told.stdout


@pytest.mark.slow
def test_class_toml_is_checked_where_the_doctor_stands_in_the_class(course: Course) -> None:
    config = course.root / "class.toml"
    config.write_text(config.read_text().replace("slots = 0", "slotz = 0"))
    done = grader("doctor", "--json", cwd=course.root)
    assert done.returncode == 1
    (finding,) = [line for line in json.loads(done.stdout) if line["what"] == "class.toml"]
    assert "slotz" in finding["found"]


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_a_folder_that_is_no_class_is_said_so(tmp_path: Path, folder: str) -> None:
    (finding,) = look_at_class(tmp_path / folder)
    assert not finding.is_good
    assert "not a class folder" in finding.found
    assert "grader init" in finding.remedy
